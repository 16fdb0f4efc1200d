package dev.sluice.embed;

import dev.sluice.engine.LogprobsMode;

import java.util.List;
import java.util.Optional;

/// What happens to logits before tokens are drawn, and what is told of them. Immutable.
///
/// @param logprobsMode what is reported as a log probability
/// @param processors names of the logits processors that requests may use, in the order in which
///   they run
/// @param guided how requests may ask for texts of a certain form; empty if they may not
public record LogitsOptions(
        LogprobsMode logprobsMode, List<String> processors, Optional<GuidedOptions> guided) {
    /// Raw log probabilities, no processors, guided decoding.
    public static final LogitsOptions DEFAULT =
            new LogitsOptions(LogprobsMode.RAW_LOGPROBS, List.of());

    public LogitsOptions {
        processors = List.copyOf(processors);
    }

    /// With guided decoding as a server has it.
    public LogitsOptions(LogprobsMode logprobsMode, List<String> processors) {
        this(logprobsMode, processors, Optional.of(GuidedOptions.DEFAULT));
    }
}
