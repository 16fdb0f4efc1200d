package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.engine.LogprobsMeter.Reading;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

class LogprobsMeterTest {
    private static final float[] ROW = {1, 3, 3, 2, Float.NEGATIVE_INFINITY, Float.NaN, 3};

    private static List<Integer> idsOf(TokenLogprobs reported) {
        return reported.top().stream().map(TokenLogprob::tokenId).toList();
    }

    private static List<Integer> ranksOf(TokenLogprobs reported) {
        return reported.top().stream().map(TokenLogprob::rank).toList();
    }

    @Test
    void equalsShareTheRankOfTheLastAndTheLowerIdComesFirst() {
        TokenLogprobs two = new LogprobsMeter(7).read(ROW, 3, 2, Reading.LOGPROBS);
        TokenLogprobs all = new LogprobsMeter(7).read(ROW, 0, 7, Reading.LOGPROBS);

        assertThat(idsOf(two)).containsExactly(1, 2);
        assertThat(ranksOf(two)).containsExactly(3, 3);
        assertThat(two.chosen().rank()).isEqualTo(4);
        assertThat(idsOf(all)).containsExactly(1, 2, 6, 3, 0, 4);
        assertThat(ranksOf(all)).containsExactly(3, 3, 3, 4, 5, 6);
        assertThat(all.chosen()).isEqualTo(all.top().get(4));
    }

    @Test
    void neverReportsWhatIsNoNumber() {
        float[] hostile = {
            Float.POSITIVE_INFINITY, Float.NaN, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, 0
        };
        float[] closed = {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (Reading reading :
                List.of(
                        Reading.LOGPROBS,
                        Reading.LOGITS,
                        new Reading(false, 0.001f, 0.5f),
                        new Reading(false, 1, 0))) {
            for (float[] row : List.of(hostile, closed, ROW)) {
                for (int chosen = 0; chosen < row.length; chosen++) {
                    TokenLogprobs reported =
                            new LogprobsMeter(row.length).read(row, chosen, row.length, reading);

                    assertThat(reported.chosen().logprob()).isFinite();
                    assertThat(reported.chosen().rank()).isBetween(1, row.length);
                    assertThat(reported.top()).allMatch(entry -> Float.isFinite(entry.logprob()));
                }
            }
        }
    }

    @Test
    void aTokenPastTheRowIsTheLeastLikely() {
        assertThat(new LogprobsMeter(2).read(new float[] {1, 2}, 5, 0, Reading.LOGPROBS).chosen())
                .isEqualTo(new TokenLogprob(5, LogprobsMeter.LEAST, 2));
    }

    /// A nucleus so small that it is the drawn token alone holds no other one.
    @Test
    void aTokenThatWasNotDrawnIsOutsideTheSmallestNucleus() {
        Reading smallest = new Reading(false, 1, 0);
        LogprobsMeter meter = new LogprobsMeter(ROW.length);

        TokenLogprobs other = meter.read(ROW, 1, 3, 2, smallest);

        assertThat(other.chosen()).isEqualTo(new TokenLogprob(3, LogprobsMeter.LEAST, 4));
        assertThat(other.top()).isEqualTo(meter.read(ROW, 1, 2, smallest).top());
        assertThat(meter.read(ROW, 1, 1, 2, smallest)).isEqualTo(meter.read(ROW, 1, 2, smallest));
    }

    static LongStream seeds() {
        return LongStream.range(0, 20);
    }

    /// Over a vocabulary of the usual size, to a few millionths.
    @ParameterizedTest
    @MethodSource("seeds")
    void isExactOverALargeVocabulary(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] row = new float[49_152];
        double scale = random.nextDouble(0.1, 10);
        for (int i = 0; i < row.length; i++) {
            row[i] = (float) (random.nextGaussian() * scale);
        }
        double[] expected = NaiveSampling.logSoftmax(NaiveSampling.doubles(row));
        int chosen = random.nextInt(row.length);

        TokenLogprobs reported =
                new LogprobsMeter(row.length).read(row, chosen, 20, Reading.LOGPROBS);

        assertThat((double) reported.chosen().logprob()).isCloseTo(expected[chosen], within(5e-6));
        assertThat(reported.chosen().rank())
                .isEqualTo(
                        (int)
                                IntStream.range(0, row.length)
                                        .filter(i -> row[i] >= row[chosen])
                                        .count());
        double[] best =
                IntStream.range(0, row.length).mapToDouble(i -> -expected[i]).sorted().toArray();
        for (int i = 0; i < 20; i++) {
            TokenLogprob entry = reported.top().get(i);
            assertThat((double) entry.logprob()).isCloseTo(-best[i], within(5e-6));
            assertThat(entry.rank()).isGreaterThan(i);
        }
    }
}
