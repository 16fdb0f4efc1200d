package dev.sluice.openai;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// What the operator lets requests ask for. Immutable.
///
/// @param limits of a request
/// @param logprobsEnabled whether log probabilities may be asked for
/// @param maxLogprobs most alternatives of a token; empty for the whole vocabulary
/// @param logitsProcessors names of the registered processors, in their order
/// @param reasoningParser name of the parser that tells thinking from answers
/// @param toolCallParser name of the parser that finds calls of tools
/// @param defaultTemplateVariables variables of the chat template that a request may override
public record ApiOptions(
        RequestLimits limits,
        boolean logprobsEnabled,
        OptionalInt maxLogprobs,
        List<String> logitsProcessors,
        Optional<String> reasoningParser,
        Optional<String> toolCallParser,
        Map<String, Object> defaultTemplateVariables) {
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

    /// The same with other limits.
    public ApiOptions withLimits(RequestLimits other) {
        return new ApiOptions(
                other,
                logprobsEnabled,
                maxLogprobs,
                logitsProcessors,
                reasoningParser,
                toolCallParser,
                defaultTemplateVariables);
    }
}
