package dev.sluice.engine;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.OptionalInt;

/// What a request must keep to on one engine. Immutable.
///
/// @param config limits of lengths and of the pool
/// @param vocabSize all ids are below it
/// @param numTokens tokens that the tokenizer knows; where the model has fewer, an id that is only
///   looked for may be one of them
/// @param processors look at their arguments themselves
record RequestRules(
        EngineConfig config, int vocabSize, int numTokens, List<LogitsProcessor> processors) {
    private static final String INVALID = "invalid_value";
    private static final String TOO_LONG = "context_length_exceeded";

    RequestRules {
        processors = List.copyOf(processors);
    }

    /// @throws InvalidRequest naming the field
    void check(GenerationRequest request) {
        checkPrompt(request);
        checkSampling(request.sampling());
        checkPenalties(request.sampling().penalties());
        checkStop(request);
        checkRules(request.rules());
        request.output().markerIds().forEach(id -> checkSought(id, "marker_ids"));
        checkLogprobs(request.output().logprobs());
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
                    TOO_LONG);
        }
        checkIds(request.prompt(), "prompt");
    }

    private void checkIds(TokenIds ids, String param) {
        for (int i = 0; i < ids.size(); i++) {
            checkId(ids.get(i), param);
        }
    }

    private void checkId(int id, String param) {
        checkId(id, vocabSize, param);
    }

    private static void checkId(int id, int limit, String param) {
        if (id < 0 || id >= limit) {
            throw new InvalidRequest(
                    "Token id %d is outside the vocabulary of %d.".formatted(id, limit),
                    param,
                    INVALID);
        }
    }

    /// An id that nothing is computed with.
    private void checkSought(int id, String param) {
        checkId(id, Math.max(vocabSize, numTokens), param);
    }

    private void checkSought(TokenIds ids, String param) {
        for (int i = 0; i < ids.size(); i++) {
            checkSought(ids.get(i), param);
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

    private void checkPenalties(Penalties penalties) {
        require(
                Float.isFinite(penalties.repetition()) && penalties.repetition() > 0,
                "repetition_penalty",
                "must be above 0");
        require(
                Float.isFinite(penalties.frequency()),
                "frequency_penalty",
                "must be a finite number");
        require(
                Float.isFinite(penalties.presence()),
                "presence_penalty",
                "must be a finite number");
    }

    private void checkStop(GenerationRequest request) {
        StopConditions stop = request.stop();
        require(stop.maxTokens() >= 0, "max_tokens", "must be 0 or more");
        require(
                stop.minTokens() >= 0 && stop.minTokens() <= stop.maxTokens(),
                "min_tokens",
                "must be in [0, max_tokens]");
        if ((long) request.prompt().size() + stop.minTokens() >= config.maxModelLen()
                && stop.minTokens() > 0) {
            throw new InvalidRequest(
                    "Input text is too long: %d tokens and min_tokens %d, with at most %d for both."
                            .formatted(
                                    request.prompt().size(),
                                    stop.minTokens(),
                                    config.maxModelLen() - 1),
                    "min_tokens",
                    TOO_LONG);
        }
        require(
                stop.stopStrings().stream().noneMatch(String::isEmpty),
                "stop",
                "must not hold an empty string");
        stop.stopTokenIds().forEach(id -> checkId(id, "stop_token_ids"));
    }

    private void checkRules(LogitsRules rules) {
        for (TokenIds word : rules.badWords()) {
            require(word.size() > 0, "bad_words", "must not hold an empty word");
            checkIds(word, "bad_words_token_ids");
        }
        rules.logitBias()
                .forEach((id, bias) -> {
                    checkId(id, "logit_bias");
                    require(Float.isFinite(bias), "logit_bias", "must hold finite numbers");
                });
        rules.thinkingBudget().ifPresent(this::checkThinking);
        rules.guidance().ifPresent(this::checkGuidance);
        for (LogitsProcessor processor : processors) {
            try {
                processor.checkArgs(rules.processorArgs(), vocabSize);
            } catch (IllegalArgumentException e) {
                throw new InvalidRequest(
                        String.valueOf(e.getMessage()), "logits_processors_args", INVALID);
            }
        }
    }

    private void checkThinking(ThinkingBudget budget) {
        String param = "reasoning_max_tokens";
        require(budget.maxTokens().orElse(1) >= 1, param, "must be 1 or more");
        require(
                budget.maxAnswerTokens().orElse(1) >= 1,
                "response_max_tokens",
                "must be 1 or more");
        require(
                budget.end().size() > 0
                        && budget.forced().size() > 0
                        && (budget.started() || budget.start().size() > 0),
                param,
                "needs the markers of the thinking");
        checkSought(budget.start(), param);
        checkSought(budget.end(), param);
        checkIds(budget.forced(), param);
    }

    private void checkGuidance(Guidance guidance) {
        guidance.afterThinking().ifPresent(end -> checkSought(end, guidance.param()));
        guidance.thinkingId().ifPresent(id -> checkSought(id, guidance.param()));
    }

    private void checkLogprobs(LogprobsOptions options) {
        checkTop(options.top(), "logprobs");
        checkTop(options.prompt(), "prompt_logprobs");
    }

    private void checkTop(OptionalInt top, String param) {
        require(
                top.isEmpty() || (top.getAsInt() >= 0 && top.getAsInt() <= vocabSize),
                param,
                "must be in [0, " + vocabSize + "], the size of the vocabulary");
    }

    private static void require(boolean holds, String param, String rule) {
        if (!holds) {
            throw new InvalidRequest(param + " " + rule + ".", param, INVALID);
        }
    }

    /// The last token that is drawn is never computed, so it needs no room.
    private void checkFits(GenerationRequest request) {
        long longest = (long) request.prompt().size() + request.stop().maxTokens();
        int computed =
                Math.max(
                        request.prompt().size(), (int) Math.min(longest, config.maxModelLen()) - 1);
        if (config.blocksFor(computed) > config.numBlocks()) {
            throw new InvalidRequest(
                    "%d tokens of prompt and output need %d KV blocks, but the pool has %d."
                            .formatted(
                                    computed + 1, config.blocksFor(computed), config.numBlocks()),
                    "max_tokens",
                    TOO_LONG);
        }
    }
}
