package dev.sluice.model;

import java.util.List;
import java.util.Map;

/// The shape of a model with random weights that is small enough for any device.
final class TinyShape {
    static final int VOCABULARY = 300;

    private TinyShape() {}

    /// @param type `model_type` of its configuration
    static RandomShape of(ModelFamily code, String type, int hidden, int intermediate, int layers) {
        Map<String, Object> config =
                Map.ofEntries(
                        Map.entry("architectures", List.copyOf(code.architectures()).subList(0, 1)),
                        Map.entry("model_type", type),
                        Map.entry("vocab_size", VOCABULARY),
                        Map.entry("hidden_size", hidden),
                        Map.entry("intermediate_size", intermediate),
                        Map.entry("num_hidden_layers", layers),
                        Map.entry("num_attention_heads", 4),
                        Map.entry("num_key_value_heads", 2),
                        Map.entry("head_dim", 32),
                        Map.entry("max_position_embeddings", 256),
                        Map.entry("rms_norm_eps", 1e-5),
                        Map.entry("rope_theta", 10000.0),
                        Map.entry("tie_word_embeddings", true),
                        Map.entry("hidden_act", "silu"));
        return new RandomShape("tiny", code, config);
    }
}
