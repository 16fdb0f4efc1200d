package dev.sluice.openai;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What the operator lets requests ask for. Immutable.
///
/// @param limits of a request
/// @param logprobsEnabled whether log probabilities may be asked for
/// @param maxLogprobs most alternatives of a token; empty for the whole vocabulary
/// @param logitsProcessors names of the registered processors, in their order
/// @param reasoningParser name of the parser that tells thinking from answers
/// @param toolCallParser name of the parser that finds calls of tools
/// @param defaultTemplateVariables variables of the chat template that a request may override
/// @param seed from which [RequestSeeds] draw for requests without a seed; empty for another one at
///   each start
public record ApiOptions(
        RequestLimits limits,
        boolean logprobsEnabled,
        OptionalInt maxLogprobs,
        List<String> logitsProcessors,
        Optional<String> reasoningParser,
        Optional<String> toolCallParser,
        Map<String, Object> defaultTemplateVariables,
        OptionalLong seed) {
    /// No log probabilities, no processors, no parsers.
    public static final ApiOptions DEFAULT =
            new ApiOptions(
                    RequestLimits.DEFAULT,
                    false,
                    OptionalInt.of(20),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of());

    public ApiOptions {
        logitsProcessors = List.copyOf(logitsProcessors);
    }

    /// Options without a seed.
    public ApiOptions(
            RequestLimits limits,
            boolean logprobsEnabled,
            OptionalInt maxLogprobs,
            List<String> logitsProcessors,
            Optional<String> reasoningParser,
            Optional<String> toolCallParser,
            Map<String, Object> defaultTemplateVariables) {
        this(
                limits,
                logprobsEnabled,
                maxLogprobs,
                logitsProcessors,
                reasoningParser,
                toolCallParser,
                defaultTemplateVariables,
                OptionalLong.empty());
    }

    /// The same with other limits.
    public ApiOptions withLimits(RequestLimits other) {
        return new ApiOptions(
                other,
                logprobsEnabled,
                maxLogprobs,
                logitsProcessors,
                reasoningParser,
                toolCallParser,
                defaultTemplateVariables,
                seed);
    }
}
