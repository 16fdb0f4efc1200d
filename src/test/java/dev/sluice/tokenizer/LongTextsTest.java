package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

final class LongTextsTest {
    private static final Tokenizer BYTES =
            TokenizerLoader.fromGguf(SmallTokenizers.byteLevel()).tokenizer();
    private static final Tokenizer PIECES =
            TokenizerLoader.fromGguf(SmallTokenizers.sentencePiece()).tokenizer();

    @Test
    void aWordThatIsTooLongByItselfIsNotEncoded() {
        String word = "\u00e9".repeat(100_000);

        TextTooLongException bytes =
                catchThrowableOfType(
                        TextTooLongException.class, () -> BYTES.encode(word, false, 64));
        TextTooLongException pieces =
                catchThrowableOfType(
                        TextTooLongException.class, () -> PIECES.encode(word, false, 64));

        assertThat(bytes.atLeast()).hasValue(200_000 / "hello".length());
        assertThat(pieces.atLeast()).hasValue(100_001 / "<0x00>".length());
    }

    @Test
    void manyWordsAreCounted() {
        assertThat(BYTES.encode("wor ".repeat(1000), false, 64).size()).isGreaterThan(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "a", "\u00e9", "\ud83d\ude00", "\ud83d"})
    void whatFitsIsNeverRefused(String part) {
        String text = part.repeat(100_000);

        for (Tokenizer tokenizer : List.of(BYTES, PIECES)) {
            TokenIds ids = tokenizer.encode(text, true);

            assertThat(tokenizer.encode(text, true, ids.size())).isEqualTo(ids);
        }
    }

    @Test
    void aWordOfMoreThanEightMegabytesIsRefused() {
        String word = "a".repeat((1 << 23) + 1);

        assertThatThrownBy(() -> BYTES.encode(word, false))
                .isInstanceOf(TextTooLongException.class)
                .hasMessage("Input text is too long, a word of it has 8388609 bytes.");
    }

    @Test
    void saysSoWhereAnExpressionRunsOutOfStack() {
        TextNormalizer normalizer = Patterns.replacer(Patterns.compileOniguruma("(?:a|b)+"), "x");

        assertThat(normalizer.apply("abcab")).isEqualTo("xcx");
        assertThatThrownBy(() -> normalizer.apply("ab".repeat(1_000_000)))
                .isInstanceOf(TextTooLongException.class)
                .hasMessageContaining("(?:a|b)+");
    }

    @Test
    void takesNoQuadraticTimeForManySpecialTokens() {
        String text = "<s>a".repeat(150_000);

        for (Tokenizer tokenizer : List.of(BYTES, PIECES)) {
            TokenIds ids =
                    assertTimeoutPreemptively(
                            Duration.ofSeconds(20), () -> tokenizer.encode(text, false));

            assertThat(ids.size()).isGreaterThanOrEqualTo(300_000);
        }
    }

    @Test
    void takesNoQuadraticTimeForALineWithoutSpaces() {
        String line = "a".repeat(600_000) + " \n b ";
        List<String> found = new ArrayList<>();

        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () ->
                        Patterns.finder(Patterns.TRAILING_SPACES)
                                .find(
                                        line,
                                        0,
                                        line.length(),
                                        (start, end) -> found.add(line.substring(start, end))));

        assertThat(found).containsExactly(" ", " ");
    }
}
