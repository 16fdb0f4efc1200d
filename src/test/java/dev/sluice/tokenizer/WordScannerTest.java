package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

final class WordScannerTest {
    private static final List<String> SCANNED =
            List.of(
                    Patterns.GPT2,
                    Patterns.CL100K,
                    Patterns.QWEN2,
                    Patterns.QWEN35,
                    Patterns.O200K,
                    Patterns.TRAILING_SPACES,
                    Patterns.DIGIT_GROUPS,
                    Patterns.BETWEEN_DIGIT_GROUPS);

    static LongStream seeds() {
        return LongStream.range(0, 400);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void findsWhatTheExpressionFinds(long seed) {
        String text = TextSamples.of(seed);
        int from = text.offsetByCodePoints(0, (int) (seed % 2));

        for (String pattern : SCANNED) {
            Splitter.Finder scanner = Patterns.finder(pattern);
            Splitter.Finder expression = Patterns.regex(Patterns.compileOniguruma(pattern));

            assertThat(matches(scanner, text, from))
                    .as(pattern)
                    .isEqualTo(matches(expression, text, from));
        }
    }

    private static List<String> matches(Splitter.Finder finder, String text, int from) {
        List<String> matches = new ArrayList<>();
        finder.find(
                text,
                from,
                text.length(),
                (start, end) -> matches.add(start + ":" + text.substring(start, end)));
        return matches;
    }
}
