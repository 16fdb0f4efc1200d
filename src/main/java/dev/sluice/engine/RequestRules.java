package dev.sluice.engine;

import dev.sluice.engine.ApiException.InvalidRequest;

/// What a request must keep to on one engine. Immutable.
///
/// @param config limits of lengths and of the pool
/// @param vocabSize prompt ids are below it
record RequestRules(EngineConfig config, int vocabSize) {
    private static final String INVALID = "invalid_value";

    /// @throws InvalidRequest naming the field
    void check(GenerationRequest request) {
        checkPrompt(request);
        checkSampling(request.sampling());
        checkStop(request.stop());
        checkFits(request);
    }

    private void checkPrompt(GenerationRequest request) {
        int size = request.prompt().size();
        if (size == 0) {
            throw new InvalidRequest("The prompt is empty.", "prompt", INVALID);
        }
        if (size >= config.maxModelLen()) {
            throw new InvalidRequest(
                    "Input text is too long: %d tokens, with at most %d for prompt and output."
                            .formatted(size, config.maxModelLen()),
                    "prompt",
                    "context_length_exceeded");
        }
        for (int i = 0; i < size; i++) {
            int id = request.prompt().get(i);
            if (id < 0 || id >= vocabSize) {
                throw new InvalidRequest(
                        "Token id %d is outside the vocabulary of %d.".formatted(id, vocabSize),
                        "prompt",
                        INVALID);
            }
        }
    }

    private void checkSampling(SamplingParams sampling) {
        require(
                Float.isFinite(sampling.temperature()) && sampling.temperature() >= 0,
                "temperature",
                "must be 0 or more");
        require(sampling.topP() >= 0 && sampling.topP() <= 1, "top_p", "must be in [0, 1]");
        require(sampling.minP() >= 0 && sampling.minP() <= 1, "min_p", "must be in [0, 1]");
        require(
                sampling.topK().isEmpty() || sampling.topK().getAsInt() >= 1,
                "top_k",
                "must be 1 or more");
    }

    private void checkStop(StopConditions stop) {
        require(stop.maxTokens() >= 1, "max_tokens", "must be 1 or more");
        require(
                stop.stopStrings().stream().noneMatch(String::isEmpty),
                "stop",
                "must not hold an empty string");
    }

    private static void require(boolean holds, String param, String rule) {
        if (!holds) {
            throw new InvalidRequest(param + " " + rule + ".", param, INVALID);
        }
    }

    /// The last token of a sequence is drawn but never computed, so it needs no room.
    private void checkFits(GenerationRequest request) {
        long longest = (long) request.prompt().size() + request.stop().maxTokens();
        int computed = (int) Math.min(longest, config.maxModelLen()) - 1;
        if (config.blocksFor(computed) > config.numBlocks()) {
            throw new InvalidRequest(
                    "%d tokens of prompt and output need %d KV blocks, but the pool has %d."
                            .formatted(
                                    computed + 1, config.blocksFor(computed), config.numBlocks()),
                    "max_tokens",
                    "context_length_exceeded");
        }
    }
}
