package dev.sluice.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The shape of a real model, for random weights.
///
/// @param name what a person calls it
/// @param config what config.json says, in transformers' words
record RandomShape(String name, ModelFamily family, Map<String, Object> config) {
    private static final List<RandomShape> ALL = List.of(ernie(), smolLm2());

    /// The shape of a name.
    ///
    /// @throws ModelFileException if there is none
    static RandomShape of(String name) {
        return ALL.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new ModelFileException(
                                "there is no shape %s; Sluice knows %s"
                                        .formatted(name, String.join(", ", names()))));
    }

    /// The names of all shapes.
    static List<String> names() {
        return ALL.stream().map(RandomShape::name).toList();
    }

    private static RandomShape ernie() {
        Map<String, Object> config =
                config(
                        Map.entry("architectures", List.of("Ernie4_5ForCausalLM")),
                        Map.entry("model_type", "ernie4_5"),
                        Map.entry("vocab_size", 103424),
                        Map.entry("hidden_size", 1024),
                        Map.entry("intermediate_size", 3072),
                        Map.entry("num_hidden_layers", 18),
                        Map.entry("num_attention_heads", 16),
                        Map.entry("num_key_value_heads", 2),
                        Map.entry("head_dim", 128),
                        Map.entry("max_position_embeddings", 131072),
                        Map.entry("rms_norm_eps", 1e-5),
                        Map.entry("rope_theta", 500000.0),
                        Map.entry("use_bias", false));
        return new RandomShape("ernie-4.5-0.3b", new Ernie45ForCausalLM(), config);
    }

    private static RandomShape smolLm2() {
        Map<String, Object> config =
                config(
                        Map.entry("architectures", List.of("LlamaForCausalLM")),
                        Map.entry("model_type", "llama"),
                        Map.entry("vocab_size", 49152),
                        Map.entry("hidden_size", 576),
                        Map.entry("intermediate_size", 1536),
                        Map.entry("num_hidden_layers", 30),
                        Map.entry("num_attention_heads", 9),
                        Map.entry("num_key_value_heads", 3),
                        Map.entry("head_dim", 64),
                        Map.entry("max_position_embeddings", 8192),
                        Map.entry("rms_norm_eps", 1e-5),
                        Map.entry("rope_theta", 100000.0),
                        Map.entry("attention_bias", false),
                        Map.entry("mlp_bias", false));
        return new RandomShape("smollm2-135m", new LlamaForCausalLM(), config);
    }

    @SafeVarargs
    private static Map<String, Object> config(Map.Entry<String, Object>... particular) {
        Map<String, Object> config = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : particular) {
            config.put(entry.getKey(), entry.getValue());
        }
        config.put("hidden_act", "silu");
        config.put("tie_word_embeddings", true);
        config.put("bos_token_id", 1);
        config.put("eos_token_id", SyntheticVocabulary.EOS);
        config.put("dtype", "bfloat16");
        config.put("torch_dtype", "bfloat16");
        return config;
    }

    /// The configuration as a family reads it.
    ConfigValues values() {
        return new ConfigValues(name, config).withDefaults(family.defaults());
    }
}
