package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;

import java.util.function.LongSupplier;

/// The rules hold token by token where several are guessed ahead.
class EngineSpeculationRulesTest extends EngineRulesTest {
    /// While nothing is known of costs, all guesses are made.
    @Override
    LongSupplier clock() {
        return () -> 0;
    }

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return asked.with(Guesses.mostlyRight(5));
    }

    @AfterEach
    void someGuessesWereMade() {
        assertThat(numGuesses).isPositive();
    }
}
