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
    public String defaults() {
        return """
        {
          "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016,
          "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
          "head_dim": 128, "hidden_act": "silu", "max_position_embeddings": 32768,
          "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false,
          "attention_bias": false,
          "use_sliding_window": false, "sliding_window": 4096, "max_window_layers": 28
        }
        """;
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
