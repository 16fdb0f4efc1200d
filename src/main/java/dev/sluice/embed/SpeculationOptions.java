package dev.sluice.embed;

import java.util.Optional;

/// How tokens are guessed ahead. Immutable.
///
/// @param maxTokens most tokens that are guessed ahead, 1 to 16
/// @param draft the model that guesses them; empty where they are looked up in the text so far
public record SpeculationOptions(int maxTokens, Optional<DraftModel> draft) {

    /// A smaller model of the same vocabulary.
    ///
    /// @param model named as an engine's model is
    /// @param quantization makes its weights smaller than its file has them
    public record DraftModel(String model, Optional<Quantization> quantization) {}
}
