package dev.sluice.embed;

import dev.sluice.engine.EarlyStop;

import java.util.Optional;

/// How answers are generated, token by token or faster, and what ends them early. Immutable.
///
/// @param speculation guesses tokens ahead, which changes no answer
/// @param earlyStop ends answers of a model that is sure of itself for long
public record DecodingOptions(
        Optional<SpeculationOptions> speculation, Optional<EarlyStop> earlyStop) {
    /// Token by token, to the end.
    public static final DecodingOptions PLAIN =
            new DecodingOptions(Optional.empty(), Optional.empty());
}
