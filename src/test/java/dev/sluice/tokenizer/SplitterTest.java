package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

final class SplitterTest {
    private static final String TEXT = "the-final--countdown";

    private static List<String> split(Splitter.Behavior behavior, boolean invert) {
        return parts(new Splitter(Splitter.literal("-"), behavior, invert), TEXT);
    }

    private static List<String> parts(PreTokenizer splitter, String text) {
        Pieces pieces = splitter.apply(Pieces.whole(text, 0, text.length(), true));
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < pieces.count(); i++) {
            parts.add(pieces.text().substring(pieces.from(i), pieces.to(i)));
        }
        return parts;
    }

    @Test
    void leavesMatchesOut() {
        assertThat(split(Splitter.Behavior.REMOVED, false))
                .containsExactly("the", "final", "countdown");
        assertThat(split(Splitter.Behavior.REMOVED, true)).containsExactly("-", "-", "-");
    }

    @Test
    void isolatesMatches() {
        assertThat(split(Splitter.Behavior.ISOLATED, false))
                .containsExactly("the", "-", "final", "-", "-", "countdown");
    }

    @Test
    void mergesMatchesWithTheirNeighbours() {
        assertThat(split(Splitter.Behavior.MERGED_WITH_PREVIOUS, false))
                .containsExactly("the-", "final-", "-", "countdown");
        assertThat(split(Splitter.Behavior.MERGED_WITH_NEXT, false))
                .containsExactly("the", "-final", "-", "-countdown");
    }

    @Test
    void joinsAdjacentMatches() {
        assertThat(split(Splitter.Behavior.CONTIGUOUS, false))
                .containsExactly("the", "-", "final", "--", "countdown");
    }

    @Test
    void seesNothingAroundAPart() {
        PreTokenizer words =
                PreTokenizer.sequence(
                        List.of(
                                Splitter.isolated(Splitter.literal("-")),
                                Splitter.isolated(Patterns.finder("a(?!-)|(?<!-)b|^c"))));

        assertThat(parts(words, "xa-bx-c")).containsExactly("x", "a", "-", "b", "x", "-", "c");
    }

    @Test
    void cutsAtEmptyMatchesButNotWithinCharacters() {
        assertThat(parts(Splitter.isolated(Patterns.finder("x*")), "a\uD83D\uDE00xb"))
                .containsExactly("a", "\uD83D\uDE00", "x", "b");
    }
}
