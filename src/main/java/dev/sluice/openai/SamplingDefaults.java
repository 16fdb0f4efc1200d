package dev.sluice.openai;

import java.util.OptionalInt;

/// How tokens are drawn where a request is silent: what the model's `generation_config.json` says.
///
/// @param temperature 0 or more
/// @param topP in `[0, 1]`
/// @param topK empty for all tokens
/// @param minP in `[0, 1]`
/// @param repetitionPenalty above 0, neutral at 1
public record SamplingDefaults(
        float temperature, float topP, OptionalInt topK, float minP, float repetitionPenalty) {
    /// For a model that says nothing.
    public static final SamplingDefaults NEUTRAL =
            new SamplingDefaults(1, 1, OptionalInt.empty(), 0, 1);
}
