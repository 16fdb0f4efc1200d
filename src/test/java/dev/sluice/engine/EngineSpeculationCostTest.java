package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;
import java.util.Set;

/// What guesses save and cost, on a clock that forward passes turn.
class EngineSpeculationCostTest {
    private static final int PROMPT = 12;
    private static final long MILLI = 1_000_000;
    private static final int GUESSES = 4;

    private long now;
    private DraftCounts drafts = DraftCounts.NONE;

    /// A step of the model: memory that is read once, and work for each token.
    private static long stepNanos(int tokens) {
        return 20 * MILLI + 2 * MILLI * tokens;
    }

    /// A pass of the draft model; a prompt costs fifty of them.
    private static long passNanos(ForwardBatch batch) {
        int read = batch.numTokens() - batch.numSequences();
        return MILLI + MILLI / 20 * batch.numSequences() + 50 * MILLI * read / PROMPT;
    }

    /// @param period each such guess of the draft model is wrong
    /// @return nanoseconds from the first request to the last token
    private long run(int users, int requests, int maxTokens, Optional<Integer> period) {
        HistoryModel truth = new HistoryModel(ByteTokenizer.SIZE);
        HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
        model.beforeForward(batch -> now += stepNanos(batch.numTokens()));
        EngineFeatures features =
                period.map(
                                every -> {
                                    HistoryModel draft =
                                            new HistoryModel(ByteTokenizer.SIZE)
                                                    .saying(ids -> {
                                                        int best =
                                                                Guesses.largest(
                                                                        truth.logits(
                                                                                ids, ids.length));
                                                        boolean wrong = ids.length % every == 0;
                                                        return wrong ? (best + 1) % 256 : best;
                                                    });
                                    draft.beforeForward(batch -> now += passNanos(batch));
                                    return EngineFeatures.NONE.with(
                                            new Speculation(GUESSES, Optional.of(draft)));
                                })
                        .orElse(EngineFeatures.NONE);
        EngineConfig config =
                new EngineConfig(
                        512, users, 256, 16, 1024, DType.F32, 200, Set.of(ByteTokenizer.EOS));
        now = 1;
        try (MemoryDevice device = new MemoryDevice();
                Engine engine =
                        new Engine(
                                config, model, new ByteTokenizer(), device, features, () -> now)) {
            for (int i = 0; i < requests; i++) {
                engine.submit(
                        Requests.of(
                                "r" + i,
                                Requests.prompt(i, PROMPT),
                                SamplingParams.GREEDY,
                                maxTokens),
                        _ -> {});
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
            drafts = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
        }
        return now;
    }

    /// Of any quality: one that is always wrong, and ones that are right every other time or nearly
    /// always.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 20})
    void thirtyTwoBusySequencesLoseNextToNothing(int period) {
        long plain = run(32, 96, 200, Optional.empty());

        long guessed = run(32, 96, 200, Optional.of(period));

        assertThat(guessed).isLessThan((long) (1.03 * plain));
    }

    @Test
    void oneUserWinsWhatReadingHisPromptCosts() {
        long plain = run(1, 1, 300, Optional.empty());

        long guessed = run(1, 1, 300, Optional.of(20));

        assertThat(guessed).isLessThan((long) (0.6 * plain));
        assertThat(drafts.numDrafted()).isPositive();
    }

    @Test
    void oneUserWithAnswersOfFewTokensLosesLittle() {
        long plain = run(1, 60, 8, Optional.empty());

        long guessed = run(1, 60, 8, Optional.of(20));

        assertThat(guessed).isLessThan((long) (1.03 * plain));
    }

    /// Passes serve all: what a user must win to pay for his share of them is little.
    @Test
    void aFewUsersShareThePasses() {
        long plain = run(4, 4, 300, Optional.empty());

        long guessed = run(4, 4, 300, Optional.of(20));

        assertThat(guessed).isLessThan((long) (0.75 * plain));
    }
}
