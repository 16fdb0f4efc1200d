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

/// Measures an engine on the calling thread. Prompts are random ids; the best of several runs
/// counts.
final class EngineMeter {
    private static final long SEED = 7;
    private static final int DECODE_PROMPT = 16;

    private final Engine engine;
    private final int vocabSize;
    private final int runs;
    private int requests;

    /// @param runs of each measurement
    EngineMeter(Engine engine, int vocabSize, int runs) {
        this.engine = engine;
        this.vocabSize = vocabSize;
        this.runs = runs;
    }

    /// Seconds from the submission of a prompt to its first token.
    double firstTokenSeconds(int promptTokens) {
        double best = Double.MAX_VALUE;
        for (int run = 0; run < runs; run++) {
            long begin = System.nanoTime();
            submit(promptTokens, 1, new Progress());
            while (engine.step()) {}
            best = Math.min(best, (System.nanoTime() - begin) / 1e9);
        }
        return best;
    }

    /// Tokens a second of all sequences together, while all of them decode.
    ///
    /// @param tokens that each sequence generates
    double decodeTokensPerSecond(int sequences, int tokens) {
        double best = 0;
        for (int run = 0; run < runs; run++) {
            best = Math.max(best, decodeOnce(sequences, tokens));
        }
        return best;
    }

    private double decodeOnce(int sequences, int tokens) {
        Progress progress = new Progress();
        for (int i = 0; i < sequences; i++) {
            submit(DECODE_PROMPT, tokens, progress);
        }
        while (progress.started < sequences) {
            engine.step();
        }
        long tokensBefore = progress.tokens;
        long begin = System.nanoTime();
        while (progress.ended == 0) {
            engine.step();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        long decoded = progress.tokens - tokensBefore;
        while (engine.step()) {}
        return decoded / seconds;
    }

    private void submit(int promptTokens, int tokens, Progress progress) {
        int[] prompt =
                new SplittableRandom(SEED + requests).ints(promptTokens, 0, vocabSize).toArray();
        engine.submit(
                new GenerationRequest(
                        "bench-" + requests++,
                        TokenIds.of(prompt),
                        SamplingParams.GREEDY,
                        new StopConditions(tokens, List.of(), Set.of(), true, false),
                        true),
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
