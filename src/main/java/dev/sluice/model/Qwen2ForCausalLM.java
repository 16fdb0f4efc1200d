package dev.sluice.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Qwen2 and Qwen2.5: Llama with biases on queries, keys and values.
///
/// @see "modeling_qwen2.py of huggingface/transformers"
final class Qwen2ForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen2ForCausalLM");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("qwen2");
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.ofEntries(
                Map.entry("vocab_size", 151936),
                Map.entry("hidden_size", 4096),
                Map.entry("intermediate_size", 22016),
                Map.entry("num_hidden_layers", 32),
                Map.entry("num_attention_heads", 32),
                Map.entry("num_key_value_heads", 32),
                Map.entry("hidden_act", "silu"),
                Map.entry("max_position_embeddings", 32768),
                Map.entry("rms_norm_eps", 1e-6),
                Map.entry("rope_theta", 10000.0),
                Map.entry("tie_word_embeddings", false),
                Map.entry("use_sliding_window", false),
                Map.entry("sliding_window", 4096),
                Map.entry("max_window_layers", 28));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        return new DecoderConfigs(values).plain(false, windows(values));
    }

    /// Windows on the layers from `max_window_layers` on, where they are used at all.
    static List<OptionalInt> windows(ConfigValues values) {
        OptionalInt window =
                values.flag("use_sliding_window")
                        ? values.optionalSize("sliding_window")
                        : OptionalInt.empty();
        double first = values.optionalNumber("max_window_layers").orElse(0);
        return new DecoderConfigs(values).layerWindows(window, layer -> layer >= first);
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        RotaryEmbedding rotary = RotaryEmbedding.of(0, config.rope(), config.headDim(), weights);
        return Decoder.load(
                config,
                weights,
                List.of(rotary),
                layer ->
                        new PreNormLayer(
                                layer.norm("input_layernorm"),
                                new Attention(
                                        layer.index(),
                                        layer.attentionSpec(),
                                        rotary,
                                        layer.qkvProj(true),
                                        Optional.empty(),
                                        layer.oProj(false)),
                                layer.norm("post_attention_layernorm"),
                                new GatedMlp(
                                        config.activation(),
                                        layer.gateUpProj(false),
                                        layer.downProj(false))));
    }
}
