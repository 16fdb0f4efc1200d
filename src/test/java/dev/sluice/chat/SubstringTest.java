package dev.sluice.chat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.SplittableRandom;
import java.util.stream.LongStream;

class SubstringTest {
    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void findsWhatJavaFinds(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String period = letters(random, 1 + random.nextInt(6));
        String text = letters(random, 50) + period.repeat(40) + letters(random, 50);
        int start = random.nextInt(text.length());
        String wanted = text.substring(start, random.nextInt(start, text.length() + 1));
        String other = wanted + (random.nextBoolean() ? "a" : "\uffff");
        int from = random.nextInt(text.length() + 1);

        for (String each : new String[] {wanted, other}) {
            assertThat(Substring.indexOf(text, each, from)).isEqualTo(text.indexOf(each, from));
            assertThat(Substring.lastIndexOf(text, each, from))
                    .isEqualTo(text.lastIndexOf(each, from));
        }
    }

    private static String letters(SplittableRandom random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append("ab\uffff".charAt(random.nextInt(3)));
        }
        return text.toString();
    }
}
