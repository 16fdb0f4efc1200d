package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.tokenizer.TokenIds;

import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// The rules of lengths, stops and sampling for one model.
///
/// @param model says what holds where a request is silent
record SequenceRules(ServedModel model) {

    /// How many tokens a request wants at most.
    ///
    /// @param field that says so
    /// @param tokens empty for as many as fit
    record Limit(String field, OptionalLong tokens) {}

    /// Makes a request for the engine.
    ///
    /// @param promptField where the prompt came from
    /// @throws InvalidRequest naming the field
    GenerationRequest sequence(
            String id, TokenIds prompt, SharedParameters shared, Limit limit, String promptField) {
        checkPrompt(prompt, promptField);
        checkStops(shared);
        StopConditions stop =
                new StopConditions(
                        maxTokens(prompt, limit),
                        shared.stop(),
                        Set.copyOf(shared.stopTokenIds()),
                        shared.ignoreEos(),
                        shared.includeStopString());
        return new GenerationRequest(
                id,
                prompt,
                sampling(shared),
                LogitsRules.NONE,
                stop,
                new OutputOptions(
                        shared.skipSpecialTokens(), false, Set.of(), LogprobsOptions.NONE));
    }

    private void checkPrompt(TokenIds prompt, String field) {
        int max = model.maxModelLen();
        if (prompt.size() >= max) {
            throw Invalid.tooLong(
                    field,
                    "Input text is too long, input_ids_len (%d) + min_tokens(0) >= max_model_len(%d)"
                            .formatted(prompt.size(), max));
        }
        if (prompt.size() == 0) {
            throw Invalid.field(field, "prompt_token_ids must be a non-empty list");
        }
    }

    private int maxTokens(TokenIds prompt, Limit limit) {
        int max = model.maxModelLen();
        long wanted = Math.min(limit.tokens().orElse(max), max - prompt.size());
        if (wanted < 1) {
            throw Invalid.field(
                    limit.field(),
                    "max_tokens can be defined [1, %d), but now it's %d.".formatted(max, wanted));
        }
        return (int) wanted;
    }

    private void checkStops(SharedParameters shared) {
        RequestLimits limits = model.options().limits();
        int count = shared.stop().size() + shared.stopTokenIds().size();
        if (count > limits.maxStopSequences()) {
            throw Invalid.field(
                    shared.stop().isEmpty() ? "stop_token_ids" : "stop",
                    "Number of stop sequences (%d) exceeds the limit max_stop_seqs_num(%d)."
                            .formatted(count, limits.maxStopSequences()));
        }
        limits.maxStopTokens().ifPresent(max -> shared.stop().forEach(s -> checkLength(s, max)));
    }

    private void checkLength(String stop, int max) {
        int length = model.tokenizer().encode(stop, false).size();
        if (length > max) {
            throw Invalid.field(
                    "stop",
                    "Length of a stop sequence (%d tokens) exceeds the limit stop_seqs_max_len(%d)."
                            .formatted(length, max));
        }
    }

    private SamplingParams sampling(SharedParameters shared) {
        SamplingDefaults defaults = model.defaults();
        double temperature = shared.temperature().orElse(defaults.temperature());
        return new SamplingParams(
                (float) Math.min(temperature, Float.MAX_VALUE),
                (float) shared.topP().orElse(defaults.topP()),
                shared.topK().isPresent() ? topK(shared.topK().getAsLong()) : defaults.topK(),
                (float) shared.minP().orElse(defaults.minP()),
                shared.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong()));
    }

    private static OptionalInt topK(long wanted) {
        return wanted < 1
                ? OptionalInt.empty()
                : OptionalInt.of((int) Math.min(wanted, Integer.MAX_VALUE));
    }
}
