package dev.sluice.engine;

import java.util.function.LongSupplier;

/// Processors see each place of a run of guesses.
class EngineSpeculationProcessorsTest extends EngineProcessorsTest {
    /// While nothing is known of costs, all guesses are made.
    @Override
    LongSupplier clock() {
        return () -> 0;
    }

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return asked.with(Guesses.mostlyRight(3));
    }
}
