package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

class TokenLotteryTest {

    /// The probabilities that are left after all filters, in double precision and by sorting.
    private static double[] reference(float[] logits, SamplingParams params) {
        double max = -Double.MAX_VALUE;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double[] p = new double[logits.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp((logits[i] - max) / params.temperature());
        }
        for (int i = 0; i < p.length; i++) {
            p[i] = p[i] >= params.minP() ? p[i] : 0;
        }
        Integer[] order = IntStream.range(0, p.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> -logits[i]));
        int k = params.topK().orElse(p.length);
        for (int i = k; i < order.length; i++) {
            p[order[i]] = 0;
        }
        normalise(p);
        double before = 0;
        for (int id : order) {
            double mass = p[id];
            if (before > params.topP()) {
                p[id] = 0;
            }
            before += mass;
        }
        normalise(p);
        return p;
    }

    private static void normalise(double[] p) {
        double sum = Arrays.stream(p).sum();
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
    }

    private static float[] randomLogits(SplittableRandom random, int size) {
        float[] logits = new float[size];
        double scale = random.nextDouble(0.2, 6);
        for (int i = 0; i < size; i++) {
            logits[i] = (float) (random.nextDouble(-1, 1) * scale + random.nextDouble(0, scale));
        }
        return logits;
    }

    private static int argmax(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    static LongStream seeds() {
        return LongStream.range(0, 100);
    }

    /// Walks the random number through [0, 1): the share of each token is its probability.
    @ParameterizedTest
    @MethodSource("seeds")
    void drawsEachTokenWithItsProbability(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int size = random.nextInt(2, 400);
        float[] logits = randomLogits(random, size);
        SamplingParams params =
                new SamplingParams(
                        (float) random.nextDouble(0.3, 2),
                        random.nextBoolean() ? 1f : (float) random.nextDouble(0.05, 1),
                        random.nextBoolean()
                                ? OptionalInt.empty()
                                : OptionalInt.of(random.nextInt(1, size + 5)),
                        random.nextBoolean() ? 0f : (float) random.nextDouble(0, 0.3),
                        0);
        TokenLottery lottery = new TokenLottery(size);
        float[] scaled = new float[size];
        for (int i = 0; i < size; i++) {
            scaled[i] = logits[i] / params.temperature();
        }
        int draws = 5_000;
        double[] share = new double[size];

        for (int i = 0; i < draws; i++) {
            int token = lottery.draw(scaled, argmax(logits), params, (i + 0.5) / draws);
            share[token] += 1.0 / draws;
        }

        double[] expected = reference(logits, params);
        for (int i = 0; i < size; i++) {
            assertThat(share[i]).as("token %d, %s", i, params).isCloseTo(expected[i], within(3e-4));
        }
    }

    @Test
    void theNucleusKeepsTheTokenThatCrossesItsMass() {
        float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
        SamplingParams params = new SamplingParams(1, 0.6f, OptionalInt.empty(), 0, 0);
        TokenLottery lottery = new TokenLottery(3);

        assertThat(lottery.draw(logits, 0, params, 0.0)).isEqualTo(0);
        assertThat(lottery.draw(logits, 0, params, 0.999999)).isEqualTo(1);
    }

    @Test
    void topKPrefersTheLowerIdAmongEquals() {
        float[] logits = {1, 2, 2, 2};
        SamplingParams params = new SamplingParams(1, 1, OptionalInt.of(2), 0, 0);
        TokenLottery lottery = new TokenLottery(4);

        assertThat(lottery.draw(logits, 1, params, 0.0)).isEqualTo(1);
        assertThat(lottery.draw(logits, 1, params, 0.999999)).isEqualTo(2);
    }

    @Test
    void neverDrawsNaNOrNegativeInfinity() {
        float[] logits = {Float.NaN, 0, Float.NEGATIVE_INFINITY, 0, Float.NaN};
        TokenLottery lottery = new TokenLottery(5);
        SamplingParams params = new SamplingParams(1, 0.9f, OptionalInt.of(4), 0, 0);

        int[] drawn =
                IntStream.range(0, 1000)
                        .map(i -> lottery.draw(logits, 1, params, i / 1000.0))
                        .distinct()
                        .toArray();

        assertThat(drawn).containsExactlyInAnyOrder(1, 3);
    }

    @Test
    void refusesARowWithoutALargestFiniteNumber() {
        TokenLottery lottery = new TokenLottery(2);
        float[] row = {Float.POSITIVE_INFINITY, 0};
        SamplingParams params = new SamplingParams(1, 1, OptionalInt.empty(), 0, 0);

        assertThatThrownBy(() -> lottery.draw(row, 0, params, 0.5))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void theExponentialIsAccurate() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 100_000; i++) {
            float x = (float) random.nextDouble(-87, 0);
            double expected = Math.exp(x);
            assertThat((double) TokenLottery.exp(x))
                    .as("exp(%s)", x)
                    .isCloseTo(expected, within(3e-7 * expected));
        }
        assertThat(TokenLottery.exp(0)).isEqualTo(1f);
        assertThat(TokenLottery.exp(-1000)).isZero();
        assertThat(TokenLottery.exp(Float.NaN)).isZero();
    }
}
