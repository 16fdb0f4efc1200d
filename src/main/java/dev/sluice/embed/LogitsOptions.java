package dev.sluice.embed;

import dev.sluice.engine.LogprobsMode;

import java.util.List;

/// What happens to logits before tokens are drawn, and what is told of them. Immutable.
///
/// @param logprobsMode what is reported as a log probability
/// @param processors names of the logits processors that requests may use, in the order in which
///   they run
public record LogitsOptions(LogprobsMode logprobsMode, List<String> processors) {
    /// Raw log probabilities, no processors.
    public static final LogitsOptions DEFAULT =
            new LogitsOptions(LogprobsMode.RAW_LOGPROBS, List.of());

    public LogitsOptions {
        processors = List.copyOf(processors);
    }
}
