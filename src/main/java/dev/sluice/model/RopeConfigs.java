package dev.sluice.model;

import java.util.Optional;

/// Reads RoPE parameters, in transformers' older form (`rope_theta` with `rope_scaling`) and in the
/// newer one (`rope_parameters`, flat or by layer type).
final class RopeConfigs {
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";

    private RopeConfigs() {}

    /// The rotation of layers that see everything, or of all layers.
    static RopeConfig of(ConfigValues values, boolean interleaved) {
        String key = isPresent(values, "rope_scaling") ? "rope_scaling" : "rope_parameters";
        ConfigValues parameters = values.object(key);
        return of(
                values,
                parameters.has(FULL) ? parameters.object(FULL) : parameters,
                "rope_theta",
                interleaved);
    }

    /// The rotation of sliding-window layers where it differs, as it does in Gemma 3.
    static RopeConfig ofSlidingLayers(ConfigValues values, String olderThetaKey) {
        ConfigValues parameters = values.object("rope_parameters").object(SLIDING);
        return of(values, parameters, olderThetaKey, false);
    }

    private static boolean isPresent(ConfigValues values, String key) {
        return values.has(key) && !values.object(key).isEmpty();
    }

    /// @param thetaKey of the value that holds where the parameters have no `rope_theta`
    private static RopeConfig of(
            ConfigValues values, ConfigValues parameters, String thetaKey, boolean interleaved) {
        double theta =
                parameters.has("rope_theta")
                        ? parameters.positive("rope_theta")
                        : values.positive(thetaKey);
        for (ConfigValues place : new ConfigValues[] {values, parameters}) {
            if (place.optionalNumber("partial_rotary_factor").orElse(1) != 1) {
                throw place.wrong("partial_rotary_factor", "1, which is what Sluice knows");
            }
        }
        String typeKey = parameters.has("rope_type") ? "rope_type" : "type";
        return switch (parameters.text(typeKey).orElse("default")) {
            case "default" -> new RopeConfig(theta, interleaved, 1, Optional.empty());
            case "linear" ->
                    new RopeConfig(
                            theta, interleaved, parameters.positive("factor"), Optional.empty());
            case "llama3" ->
                    new RopeConfig(theta, interleaved, 1, Optional.of(llama3(values, parameters)));
            default ->
                    throw parameters.wrong(
                            typeKey,
                            "one of the kinds of RoPE that Sluice knows: default, linear, llama3");
        };
    }

    private static RopeConfig.Llama3Scaling llama3(ConfigValues values, ConfigValues parameters) {
        String original = "original_max_position_embeddings";
        return new RopeConfig.Llama3Scaling(
                parameters.positive("factor"),
                parameters.positive("low_freq_factor"),
                parameters.positive("high_freq_factor"),
                // As in transformers, the one outside wins.
                values.optionalSize(original)
                        .orElseGet(() ->
                                parameters
                                        .optionalSize(original)
                                        .orElseGet(() -> values.size("max_position_embeddings"))));
    }
}
