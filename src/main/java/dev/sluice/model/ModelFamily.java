package dev.sluice.model;

import java.util.Map;
import java.util.Set;

/// A family of models: how its configuration is read and how its layers are put together. Has no
/// state.
interface ModelFamily {

    /// Names that mean this family in `architectures` of config.json.
    Set<String> architectures();

    /// Names that mean this family as `model_type` of config.json, or as `general.architecture` of
    /// a GGUF file.
    Set<String> modelTypes();

    /// The values that transformers assumes where config.json is silent.
    Map<String, Object> defaults();

    /// Sizes and constants.
    ///
    /// @param values with [#defaults()] behind them
    /// @throws ModelFileException if they make no model or ask for what Sluice does not do
    ModelConfig config(ConfigValues values);

    /// Packs the weights for a device.
    ///
    /// @throws ModelFileException if a tensor is missing or has another shape
    Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights);

    /// GGUF's names for tensors of a layer where the family departs from the usual ones, each with
    /// transformers' name.
    default Map<String, String> ggufNames() {
        return Map.of();
    }

    /// Undoes what is particular in how a format lays the weights out.
    default void arrange(ModelConfig config, Weights weights) {}
}
