package dev.sluice.model;

import java.util.Optional;

/// Rotary position embedding of one kind of layer.
///
/// @param base theta
/// @param interleaved pairs are neighbours (ERNIE) instead of halves
/// @param linearFactor positions are divided by this; 1 for none
/// @param llama3 Llama 3's scaling of long wavelengths, where the model has it
public record RopeConfig(
        double base, boolean interleaved, double linearFactor, Optional<Llama3Scaling> llama3) {

    /// Llama 3's rope scaling.
    ///
    /// @param factor `factor`
    /// @param lowFreqFactor `low_freq_factor`
    /// @param highFreqFactor `high_freq_factor`
    /// @param originalMaxPositions `original_max_position_embeddings`
    public record Llama3Scaling(
            double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositions) {}
}
