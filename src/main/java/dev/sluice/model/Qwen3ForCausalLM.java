package dev.sluice.model;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// Qwen3, dense: Llama with a norm on each query and key head.
///
/// @see "modeling_qwen3.py of huggingface/transformers"
final class Qwen3ForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen3ForCausalLM");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("qwen3");
    }

    @Override
    public Map<String, String> ggufNames() {
        return Map.of("attn_q_norm", "self_attn.q_norm", "attn_k_norm", "self_attn.k_norm");
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
                Map.entry("head_dim", 128),
                Map.entry("hidden_act", "silu"),
                Map.entry("max_position_embeddings", 32768),
                Map.entry("rms_norm_eps", 1e-6),
                Map.entry("rope_theta", 10000.0),
                Map.entry("tie_word_embeddings", false),
                Map.entry("attention_bias", false),
                Map.entry("use_sliding_window", false),
                Map.entry("sliding_window", 4096),
                Map.entry("max_window_layers", 28));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        return new DecoderConfigs(values).plain(false, Qwen2ForCausalLM.windows(values));
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        boolean attentionBias = values.flag("attention_bias");
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
                                        layer.qkvProj(attentionBias),
                                        layer.qkNorm(),
                                        layer.oProj(attentionBias)),
                                layer.norm("post_attention_layernorm"),
                                new GatedMlp(
                                        config.activation(),
                                        layer.gateUpProj(false),
                                        layer.downProj(false))));
    }
}
