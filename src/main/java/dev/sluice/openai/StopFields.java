package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.List;
import java.util.OptionalLong;

/// How long a request wants prompts and answers to be, and what ends an answer.
///
/// @param maxTokens tokens of an answer; empty for as many as fit
/// @param minTokens 0 or more
/// @param truncatePrompt last tokens of the prompt that are kept, or -1 for as many as fit; empty
///   for all
/// @param stop stop strings, without the empty ones
/// @param stopTokenIds may hold an id twice
record StopFields(
        OptionalLong maxTokens,
        long minTokens,
        OptionalLong truncatePrompt,
        List<String> stop,
        List<Integer> stopTokenIds,
        boolean includeStopString,
        boolean ignoreEos) {

    /// @throws InvalidRequest naming the field
    static StopFields of(Fields fields) {
        return new StopFields(
                fields.integer("max_tokens"),
                fields.integer("min_tokens").orElse(0),
                truncation(fields),
                stop(fields),
                TokenLists.idsOrSingletons("stop_token_ids", fields.list("stop_token_ids")),
                fields.flag("include_stop_str_in_output", false),
                fields.flag("ignore_eos", false));
    }

    private static OptionalLong truncation(Fields fields) {
        OptionalLong tokens = fields.integer("truncate_prompt_tokens");
        if (tokens.isPresent() && (tokens.getAsLong() < -1 || tokens.getAsLong() == 0)) {
            throw Invalid.field(
                    "truncate_prompt_tokens", "Input should be -1, or greater than or equal to 1");
        }
        return tokens;
    }

    private static List<String> stop(Fields fields) {
        List<String> all =
                fields.value("stop").filter(String.class::isInstance).isPresent()
                        ? List.of(fields.text("stop").orElseThrow())
                        : fields.texts("stop");
        return all.stream().filter(s -> !s.isEmpty()).toList();
    }
}
