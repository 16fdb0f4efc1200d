package dev.sluice.engine;

import java.util.List;
import java.util.Optional;

/// What an engine does beside generating text.
///
/// @param processors the registered logits processors, which run in this order
/// @param guided follows what guided requests ask for, which are refused without it; its compiler
///   is the caller's, closed after the engine
/// @param speculation guesses tokens ahead
/// @param earlyStop ends sequences that are sure of themselves for long
public record EngineFeatures(
        List<LogitsProcessor> processors,
        Optional<GuidedDecoding> guided,
        Optional<Speculation> speculation,
        Optional<EarlyStop> earlyStop) {
    /// None of it.
    public static final EngineFeatures NONE = of(List.of(), Optional.empty());

    public EngineFeatures {
        processors = List.copyOf(processors);
    }

    /// Processors and guidance alone.
    public static EngineFeatures of(
            List<LogitsProcessor> processors, Optional<GuidedDecoding> guided) {
        return new EngineFeatures(processors, guided, Optional.empty(), Optional.empty());
    }

    /// The same with tokens guessed ahead.
    public EngineFeatures with(Speculation how) {
        return new EngineFeatures(processors, guided, Optional.of(how), earlyStop);
    }

    /// The same with an early end.
    public EngineFeatures with(EarlyStop how) {
        return new EngineFeatures(processors, guided, speculation, Optional.of(how));
    }
}
