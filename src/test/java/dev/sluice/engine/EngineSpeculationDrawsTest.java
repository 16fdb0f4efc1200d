package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;

import org.junit.jupiter.api.Test;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// What is drawn where guesses stand has the probabilities of the model.
class EngineSpeculationDrawsTest {
    private static final int SIZE = 6;
    private static final int LENGTH = 3;
    private static final int DRAWS = 50_000;
    private static final int[] PROMPT = {3, 1, 4};

    private final HistoryModel model = new HistoryModel(SIZE);

    /// Three tokens in a row, of which the last two are guessed: 216 outcomes, each with the
    /// product of three exact probabilities.
    @Test
    void drawsHaveTheDistributionOfTheModel() {
        HistoryModel draft = new HistoryModel(SIZE).saying(ids -> (ids[ids.length - 1] + 1) % SIZE);
        EngineConfig config =
                new EngineConfig(16, 8, 64, 4, 64, DType.F32, DRAWS, Set.of(ByteTokenizer.EOS));
        long[] counts = new long[SIZE * SIZE * SIZE];
        StatsSnapshot stats;
        try (MemoryDevice device = new MemoryDevice();
                Engine engine =
                        new Engine(
                                config,
                                model,
                                new ByteTokenizer(),
                                device,
                                EngineFeatures.NONE.with(new Speculation(2, Optional.of(draft))),
                                () -> 0)) {
            for (int seed = 0; seed < DRAWS; seed++) {
                submit(engine, seed, counts);
                while (seed % 100 == 99 && engine.step()) {
                    engine.checkIntegrity();
                }
            }
            stats = engine.stats().snapshot();
        }

        DraftCounts guesses = stats.drafts().orElseThrow();
        assertThat(guesses.drafted().getFirst()).isGreaterThan(DRAWS / 2);
        assertThat(guesses.accepted().getFirst()).isPositive();
        assertThat(chiSquare(counts, exact())).isLessThan(critical(counts.length - 1));
    }

    private static void submit(Engine engine, int seed, long[] counts) {
        int[] outcome = new int[1];
        GenerationRequest request =
                Requests.of(
                        "r" + seed,
                        PROMPT,
                        new SamplingParams(1, 1, OptionalInt.empty(), 0, seed),
                        LENGTH);
        engine.submit(
                request,
                event -> {
                    if (event instanceof GenerationEvent.Delta delta) {
                        for (int i = 0; i < delta.tokenIds().size(); i++) {
                            outcome[0] = outcome[0] * SIZE + delta.tokenIds().get(i);
                        }
                    } else if (event instanceof GenerationEvent.Finished) {
                        counts[outcome[0]]++;
                    }
                });
    }

    /// The probability of each outcome.
    private double[] exact() {
        double[] all = new double[SIZE * SIZE * SIZE];
        for (int outcome = 0; outcome < all.length; outcome++) {
            int[] tokens = new int[PROMPT.length + LENGTH];
            System.arraycopy(PROMPT, 0, tokens, 0, PROMPT.length);
            tokens[PROMPT.length] = outcome / (SIZE * SIZE);
            tokens[PROMPT.length + 1] = outcome / SIZE % SIZE;
            tokens[PROMPT.length + 2] = outcome % SIZE;
            all[outcome] = 1;
            for (int at = PROMPT.length; at < tokens.length; at++) {
                all[outcome] *= probability(model.logits(tokens, at), tokens[at]);
            }
        }
        return all;
    }

    private static double probability(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        return Math.exp(logits[id]) / sum;
    }

    /// Outcomes that are expected less than five times count as one.
    private static double chiSquare(long[] counts, double[] probabilities) {
        double sum = 0;
        double rareExpected = 0;
        long rareCount = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = probabilities[i] * DRAWS;
            if (expected < 5) {
                rareExpected += expected;
                rareCount += counts[i];
            } else {
                sum += (counts[i] - expected) * (counts[i] - expected) / expected;
            }
        }
        double rest = rareCount - rareExpected;
        return rareExpected > 0 ? sum + rest * rest / rareExpected : sum;
    }

    /// What chi-square exceeds once in a thousand times.
    ///
    /// @see "Wilson and Hilferty 1931, The distribution of chi-square"
    private static double critical(int freedom) {
        double scale = 2.0 / (9 * freedom);
        return freedom * Math.pow(1 - scale + 3.09 * Math.sqrt(scale), 3);
    }
}
