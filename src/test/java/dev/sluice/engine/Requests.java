package dev.sluice.engine;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Requests and sequences of this package's tests.
final class Requests {
    private Requests() {}

    static GenerationRequest of(String id, int[] prompt, SamplingParams sampling, int maxTokens) {
        return new GenerationRequest(
                id,
                TokenIds.of(prompt),
                sampling,
                new StopConditions(maxTokens, List.of(), Set.of(), true, false));
    }

    /// A prompt of bytes that depend on the seed.
    static int[] prompt(long seed, int length) {
        return new SplittableRandom(seed).ints(length, 0, 256).toArray();
    }

    static GenerationRequest withStop(String id, String prompt, StopConditions stop) {
        return new GenerationRequest(
                id, new ByteTokenizer().encode(prompt, true), SamplingParams.GREEDY, stop);
    }

    static Sequence sequence(String id, int promptLength, int maxTokens) {
        return sequence(of(id, prompt(7, promptLength), SamplingParams.GREEDY, maxTokens), _ -> {});
    }

    static Sequence sequence(GenerationRequest request, Consumer<GenerationEvent> listener) {
        OutputText output =
                new OutputText(
                        request, Set.of(ByteTokenizer.EOS), new ByteTokenizer().vocabulary());
        return new Sequence(request, listener, output, 0);
    }
}
