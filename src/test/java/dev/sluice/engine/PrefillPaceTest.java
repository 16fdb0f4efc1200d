package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;

/// Times here are made up: a step takes so long for its decoding sequences and so long for each
/// token of a prompt and its position.
class PrefillPaceTest {
    private static final double LIMIT = 30e-3;

    private final PrefillPace pace =
            new PrefillPace(Optional.of(Duration.ofNanos(Math.round(LIMIT * 1e9))));

    private static double decode(int sequences) {
        return sequences == 0 ? 0 : 5e-3 + 1e-3 * sequences;
    }

    private static double prompt(int from, int count) {
        return count * (0.4e-3 + 0.2e-6 * (from + count / 2.0));
    }

    /// One step with a chunk of a prompt.
    ///
    /// @return how many tokens fitted
    private int step(int decoding, int from, int wanted, double disturbance) {
        pace.begin(decoding, 1);
        int count = wanted == 0 ? 0 : pace.fitting(from, wanted);
        if (count > 0) {
            pace.take(from, count);
        }
        double seconds = (decode(decoding) + prompt(from, count)) * disturbance;
        pace.measured(Math.round(seconds * 1e9));
        return count;
    }

    @Test
    void promptsTakeWhatTheyWantWhenNobodyWaitsOrThereIsNoLimit() {
        assertThat(step(0, 0, 5000, 1)).isEqualTo(5000);
        PrefillPace unbounded = new PrefillPace(Optional.empty());
        unbounded.begin(8, 1);
        assertThat(unbounded.fitting(0, 5000)).isEqualTo(5000);
        assertThat(unbounded.hasTime()).isTrue();
    }

    @Test
    void withoutExperienceAPromptGetsALittle() {
        pace.begin(8, 1);

        assertThat(pace.fitting(0, 5000)).isEqualTo(PrefillPace.LEAST);
        assertThat(pace.fitting(0, 5)).isEqualTo(5);
    }

    @Test
    void chunksOfALongPromptFillTheLimitAndShrinkAsItGrows() {
        step(0, 0, 40, 1);
        step(8, 0, 0, 1);
        int from = 0;
        int first = 0;
        int last = 0;
        for (int i = 0; from < 8000; i++) {
            last = step(8, from, 8000 - from, 1);
            first = i == 2 ? last : first;
            if (i > 10 && from + last < 8000) {
                assertThat(prompt(from, last)).isCloseTo(LIMIT, within(0.1 * LIMIT));
            }
            from += last;
        }

        assertThat(first).isGreaterThan(60);
    }

    @Test
    void chunksAreNeverEmpty() {
        PrefillPace tight = new PrefillPace(Optional.of(Duration.ofNanos(1)));
        for (int i = 0; i < 50; i++) {
            tight.begin(8, 1);
            int count = tight.fitting(1000, 2000);
            tight.take(1000, count);
            tight.measured(1_000_000_000);

            assertThat(count).isEqualTo(PrefillPace.LEAST);
        }
    }

    @Test
    void severalPromptsShareTheLimit() {
        for (int i = 0; i < 10; i++) {
            step(8, 0, i % 2 * 100, 1);
        }
        pace.begin(8, 1);
        pace.take(0, 50);

        int more = pace.fitting(0, 1000);

        assertThat(prompt(0, 50) + prompt(0, more)).isCloseTo(LIMIT, within(0.15 * LIMIT));
        pace.take(0, more);
        assertThat(pace.hasTime()).isFalse();
        assertThat(pace.fitting(0, 1000)).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aDisturbedMachineIsForgottenSoon(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 40; i++) {
            step(random.nextInt(1, 9), random.nextInt(3000), random.nextInt(2) * 2000, 1);
        }
        for (int i = 0; i < 3; i++) {
            step(8, 500, 2000, 1000);
        }
        for (int i = 0; i < 40; i++) {
            step(8, random.nextInt(3000), random.nextInt(2) * 2000, random.nextDouble(0.9, 1.1));
        }

        int count = step(8, 1000, 2000, 1);

        assertThat(prompt(1000, count)).isBetween(0.6 * LIMIT, 1.4 * LIMIT);
    }

    @Test
    void aMachineThatBecameSlowerIsNoticed() {
        for (int i = 0; i < 20; i++) {
            step(8, 0, i % 2 * 2000, 1);
        }
        for (int i = 0; i < 40; i++) {
            step(8, 0, i % 2 * 2000, 4);
        }

        int count = step(8, 0, 2000, 4);

        assertThat(4 * prompt(0, count)).isLessThan(1.3 * LIMIT);
    }
}
