package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CounterRandomTest {
    private static final int N = 100_000;

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 42, Long.MAX_VALUE, 922_337_203_685_477_580L})
    void isUniformAlongThePositions(long seed) {
        double sum = 0;
        double squares = 0;
        double product = 0;
        double previous = 0.5;
        int[] tenths = new int[10];
        for (int i = 0; i < N; i++) {
            double u = CounterRandom.uniform(seed, i);
            assertThat(u).isBetween(0.0, Math.nextDown(1.0));
            sum += u;
            squares += u * u;
            product += (u - 0.5) * (previous - 0.5);
            previous = u;
            tenths[(int) (10 * u)]++;
        }

        assertThat(sum / N).isCloseTo(1 / 2.0, within(0.005));
        assertThat(squares / N).isCloseTo(1 / 3.0, within(0.005));
        assertThat(product / N).as("neighbours").isCloseTo(0, within(0.002));
        for (int count : tenths) {
            assertThat(count).isBetween(N / 10 - 500, N / 10 + 500);
        }
    }

    @Test
    void neighbouringSeedsAreUnrelated() {
        double product = 0;
        for (int i = 0; i < N; i++) {
            product +=
                    (CounterRandom.uniform(i, 3) - 0.5) * (CounterRandom.uniform(i + 1, 3) - 0.5);
        }

        assertThat(product / N).isCloseTo(0, within(0.002));
    }

    @Test
    void isAFunctionOfSeedAndPositionAlone() {
        double first = CounterRandom.uniform(5, 9);
        CounterRandom.uniform(6, 1);

        assertThat(CounterRandom.uniform(5, 9)).isEqualTo(first);
    }
}
