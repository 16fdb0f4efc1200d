package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

final class AddedTokensTest {
    private static AddedToken token(String text, boolean word, boolean before, boolean after) {
        return new AddedToken(text, text.length(), word, before, after, false, false);
    }

    private static List<String> cut(String text, AddedToken... tokens) {
        List<String> parts = new ArrayList<>();
        AddedTokens.of(List.of(tokens))
                .cut(
                        text,
                        0,
                        text.length(),
                        new AddedTokens.Parts() {
                            @Override
                            public void text(int from, int to) {
                                parts.add(text.substring(from, to));
                            }

                            @Override
                            public void token(int id) {
                                parts.add("#" + id);
                            }
                        });
        return parts;
    }

    @Test
    void takesTheLeftmostAndOfThoseTheLongest() {
        AddedToken[] tokens = {
            AddedToken.plain("ab", 1, true),
            AddedToken.plain("abcd", 2, true),
            AddedToken.plain("bcdef", 3, true)
        };

        assertThat(cut("xabcdefab", tokens)).containsExactly("x", "#2", "ef", "#1");
        assertThat(cut("abc", tokens)).containsExactly("#1", "c");
    }

    @Test
    void takesWhiteSpaceAroundTokensThatWantIt() {
        assertThat(cut("a  [m]  b", token("[m]", false, true, false)))
                .containsExactly("a", "#3", "  b");
        assertThat(cut("a  [m]  b", token("[m]", false, false, true)))
                .containsExactly("a  ", "#3", "b");
        assertThat(cut(" [m] [m] ", token("[m]", false, true, true))).containsExactly("#3", "#3");
    }

    @Test
    void findsSingleWordsOnlyBetweenOtherCharacters() {
        AddedToken word = token("don", true, false, false);

        assertThat(cut("don don't adon done \u00E9don", word))
                .containsExactly("#3", " ", "#3", "'t adon done \u00E9don");
    }

    @Test
    void givesNoEmptyParts() {
        assertThat(cut("", AddedToken.plain("a", 1, true))).isEmpty();
        assertThat(cut("aa", AddedToken.plain("a", 1, true))).containsExactly("#1", "#1");
    }
}
