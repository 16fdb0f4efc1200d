package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.time.Duration;
import java.util.SplittableRandom;

class MarkOrderTest {
    private static final String BASES =
            "aA\u00e9\u1ead\u1100\u1161\u11a8\uac00\u212b\uff76\ufb03\u3042\u0915\u0f40\u09c7\u0e33";
    private static final String RARE =
            "\u0344\u0340\u0f73\u0f75\u0f81\uff9e\uff9f\u3099\u0dcf\u09be\u09d7\u0338\u20dd"
                    + Character.toString(0x1d165)
                    + Character.toString(0x113c2)
                    + Character.toString(0x16d67)
                    + Character.toString(0x1e94a);

    @ParameterizedTest
    @EnumSource(Form.class)
    void givesTheSameAsJavasNormalizer(Form form) {
        TextNormalizer normalizer = TextNormalizer.form(form);
        SplittableRandom random = new SplittableRandom(7);

        for (int i = 0; i < 150; i++) {
            String text = randomText(random);

            assertThat(normalizer.apply(text)).isEqualTo(Normalizer.normalize(text, form));
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void takesNoQuadraticTimeForLongRuns(Form form) {
        String run = "\u0301\u0323\u0344\u0f73\uff9e".repeat(100_000);
        TextNormalizer normalizer = TextNormalizer.form(form);

        String normal =
                assertTimeoutPreemptively(
                        Duration.ofSeconds(20), () -> normalizer.apply("a" + run + "b"));

        assertThat(normal).endsWith("b");
    }

    @Test
    void leavesShortRunsToJava() {
        String text = "a\u0301\u0323".repeat(100);

        assertThat(MarkOrder.apply(text, Form.NFC)).isSameAs(text);
    }

    private static String randomText(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int parts = random.nextInt(1, 4); parts > 0; parts--) {
            text.appendCodePoint(pick(BASES, random));
            for (int marks = random.nextInt(150); marks > 0; marks--) {
                text.appendCodePoint(
                        random.nextInt(3) == 0 ? pick(RARE, random) : randomMark(random));
            }
        }
        return text.toString();
    }

    private static int randomMark(SplittableRandom random) {
        while (true) {
            int c = random.nextInt(0x300, random.nextBoolean() ? 0x1200 : 0x20000);
            int type = Character.getType(c);
            if (type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK) {
                return c;
            }
        }
    }

    private static int pick(String from, SplittableRandom random) {
        int[] all = from.codePoints().toArray();
        return all[random.nextInt(all.length)];
    }
}
