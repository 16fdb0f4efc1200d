package dev.sluice.cli;

import dev.sluice.model.ModelConfig;

import java.util.OptionalDouble;

/// What a machine allows a model at most: each step reads every weight once, and computes.
///
/// Keys, values and attention are left out, so that nothing can be quicker.
///
/// @param bytesPerSecond of memory
/// @param operationsPerSecond of the processor; empty where that can't be measured
/// @param weightBytes read by each step
/// @param layerOperations of one token in all layers
/// @param headOperations of one token in the output head
record Roofline(
        double bytesPerSecond,
        OptionalDouble operationsPerSecond,
        long weightBytes,
        double layerOperations,
        double headOperations) {

    static Roofline of(
            double bytesPerSecond,
            OptionalDouble operationsPerSecond,
            long weightBytes,
            ModelConfig config) {
        return new Roofline(
                bytesPerSecond,
                operationsPerSecond,
                weightBytes,
                ModelWork.operationsPerToken(config),
                ModelWork.headOperations(config));
    }

    /// Least seconds from a prompt to its first token; empty where arithmetic has no known peak.
    ///
    /// @param tokensPerStep most of the prompt that one step takes
    OptionalDouble promptSeconds(int tokens, int tokensPerStep) {
        if (operationsPerSecond.isEmpty()) {
            return OptionalDouble.empty();
        }
        double reading = Math.ceilDiv(tokens, tokensPerStep) * stepSeconds();
        double operations = tokens * layerOperations + headOperations;
        return OptionalDouble.of(Math.max(reading, operations / operationsPerSecond.getAsDouble()));
    }

    /// Most tokens a second of several sequences that decode together.
    double decodeTokensPerSecond(int sequences) {
        double operations = sequences * (layerOperations + headOperations);
        double computing =
                operationsPerSecond.isEmpty() ? 0 : operations / operationsPerSecond.getAsDouble();
        return sequences / Math.max(stepSeconds(), computing);
    }

    /// Most tokens a second of one sequence that reads some bytes of keys and values besides.
    double readingTokensPerSecond(double keyValueBytes) {
        return bytesPerSecond / (weightBytes + keyValueBytes);
    }

    private double stepSeconds() {
        return weightBytes / bytesPerSecond;
    }
}
