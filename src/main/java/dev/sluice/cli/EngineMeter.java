package dev.sluice.cli;

import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/// Measures an engine on the calling thread. Prompts are random ids; the best of several runs
/// counts.
final class EngineMeter {
    private static final long SEED = 7;

    /// Tokens before those that are decoded, where nothing else is asked for.
    static final int DECODE_PROMPT = 16;

    /// A slow machine does not measure for ever.
    private static final long BUDGET_NANOS = 10_000_000_000L;

    /// What repeated runs take at least: the JVM compiles meanwhile, on the cores that it measures.
    private static final long WARM_NANOS = 2_500_000_000L;

    private final Engine engine;
    private final int vocabSize;
    private final int runs;
    private final Runnable whenDecoding;
    private int requests;

    /// @param runs of each measurement at least, as long as they take less than ten seconds
    ///   together; 1 means one, and more mean seconds, for a program that is warm
    EngineMeter(Engine engine, int vocabSize, int runs) {
        this(engine, vocabSize, runs, () -> {});
    }

    /// @param whenDecoding called where the prompts are computed and decoding begins
    EngineMeter(Engine engine, int vocabSize, int runs, Runnable whenDecoding) {
        this.whenDecoding = whenDecoding;
        this.engine = engine;
        this.vocabSize = vocabSize;
        this.runs = runs;
    }

    /// Seconds from the submission of a prompt to its first token.
    double firstTokenSeconds(int promptTokens) {
        return best(() -> firstTokenOnce(promptTokens));
    }

    private double firstTokenOnce(int promptTokens) {
        long begin = System.nanoTime();
        submit(promptTokens, 1, new Progress());
        while (engine.step()) {}
        return (System.nanoTime() - begin) / 1e9;
    }

    /// Tokens a second of all sequences together, while all of them decode.
    ///
    /// @param tokens that each sequence generates
    double decodeTokensPerSecond(int sequences, int tokens) {
        return decodeTokensPerSecond(sequences, DECODE_PROMPT, tokens);
    }

    /// The same behind prompts of some length.
    double decodeTokensPerSecond(int sequences, int promptTokens, int tokens) {
        return 1 / best(() -> secondsPerToken(sequences, promptTokens, tokens));
    }

    /// Blocks that [#decodeTokensPerSecond] fills at most. The last token of a sequence is drawn
    /// but not computed.
    static int decodeBlocks(int sequences, int promptTokens, int tokens, int blockSize) {
        return sequences * Math.ceilDiv(promptTokens + tokens - 1, blockSize);
    }

    /// The least of several runs.
    private double best(DoubleSupplier seconds) {
        long begin = System.nanoTime();
        double best = seconds.getAsDouble();
        for (int run = 1; runs > 1; run++) {
            long spent = System.nanoTime() - begin;
            if (run < runs ? spent >= BUDGET_NANOS : spent >= WARM_NANOS) {
                break;
            }
            best = Math.min(best, seconds.getAsDouble());
        }
        return best;
    }

    private double secondsPerToken(int sequences, int promptTokens, int tokens) {
        Progress progress = new Progress();
        for (int i = 0; i < sequences; i++) {
            submit(promptTokens, tokens, progress);
        }
        while (progress.started < sequences) {
            engine.step();
        }
        long tokensBefore = progress.tokens;
        whenDecoding.run();
        long begin = System.nanoTime();
        while (progress.ended == 0) {
            engine.step();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        long decoded = progress.tokens - tokensBefore;
        while (engine.step()) {}
        return seconds / decoded;
    }

    private void submit(int promptTokens, int tokens, Progress progress) {
        int[] prompt =
                new SplittableRandom(SEED + requests).ints(promptTokens, 0, vocabSize).toArray();
        engine.submit(
                new GenerationRequest(
                        "bench-" + requests++,
                        TokenIds.of(prompt),
                        SamplingParams.GREEDY,
                        new StopConditions(tokens, List.of(), Set.of(), true, false)),
                progress::accept);
    }

    /// What the requests of one measurement have come to.
    private static final class Progress {
        private int started;
        private int ended;
        private long tokens;

        void accept(GenerationEvent event) {
            switch (event) {
                case GenerationEvent.Started _ -> started++;
                case GenerationEvent.Delta delta -> tokens += delta.tokenIds().size();
                case GenerationEvent.Finished _ -> ended++;
                case GenerationEvent.Failed failed ->
                        throw new IllegalStateException(failed.cause().text(), failed.cause());
            }
        }
    }
}
