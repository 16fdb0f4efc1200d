package dev.sluice.model;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// Gemma 3, text: sliding windows on most layers, each kind of layer with its own RoPE, norms
/// around both sub-layers and on each query and key head, embeddings scaled.
///
/// Norm weights are stored as the difference from 1; GGUF's converter adds the 1.
///
/// @see "modeling_gemma3.py of huggingface/transformers"
final class Gemma3ForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma3ForCausalLM", "Gemma3ForConditionalGeneration");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("gemma3", "gemma3_text");
    }

    @Override
    public Map<String, String> ggufNames() {
        return Map.of(
                "attn_q_norm", "self_attn.q_norm",
                "attn_k_norm", "self_attn.k_norm",
                "post_attention_norm", "post_attention_layernorm",
                "ffn_norm", "pre_feedforward_layernorm",
                "post_ffw_norm", "post_feedforward_layernorm");
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.ofEntries(
                Map.entry("vocab_size", 262208),
                Map.entry("hidden_size", 2304),
                Map.entry("intermediate_size", 9216),
                Map.entry("num_hidden_layers", 26),
                Map.entry("num_attention_heads", 8),
                Map.entry("num_key_value_heads", 4),
                Map.entry("head_dim", 256),
                Map.entry("hidden_activation", "gelu_pytorch_tanh"),
                Map.entry("max_position_embeddings", 131072),
                Map.entry("rms_norm_eps", 1e-6),
                Map.entry("rope_theta", 1000000.0),
                Map.entry("rope_local_base_freq", 10000.0),
                Map.entry("tie_word_embeddings", true),
                Map.entry("attention_bias", false),
                Map.entry("query_pre_attn_scalar", 256),
                Map.entry("sliding_window", 4096),
                Map.entry("sliding_window_pattern", 6),
                Map.entry("eos_token_id", 1));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        for (String cap : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
            if (values.has(cap)) {
                throw values.wrong(cap, "null, which is what Sluice knows");
            }
        }
        if (values.flag("use_bidirectional_attention")) {
            throw values.wrong("use_bidirectional_attention", "false, which is what Sluice knows");
        }
        DecoderConfigs configs = new DecoderConfigs(values);
        OptionalInt window = values.optionalSize("sliding_window");
        int pattern = values.size("sliding_window_pattern");
        return configs.of(
                // Already times the factor of its linear scaling.
                values.size("max_position_embeddings"),
                configs.activation("hidden_activation"),
                (float) Math.pow(values.positive("query_pre_attn_scalar"), -0.5),
                (float) Math.sqrt(values.size("hidden_size")),
                RopeConfigs.of(values, false),
                RopeConfigs.ofSlidingLayers(values, "rope_local_base_freq"),
                configs.layerWindows(window, layer -> (layer + 1) % pattern != 0));
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        boolean attentionBias = values.flag("attention_bias");
        RotaryEmbedding global = RotaryEmbedding.of(0, config.rope(), config.headDim(), weights);
        RotaryEmbedding local =
                RotaryEmbedding.of(1, config.localRope(), config.headDim(), weights);
        return Decoder.load(
                config,
                weights,
                List.of(global, local),
                weights.source().isGguf() ? 0 : 1,
                layer ->
                        new SandwichNormLayer(
                                layer.norm("input_layernorm"),
                                new Attention(
                                        layer.index(),
                                        layer.attentionSpec(),
                                        layer.isSliding() ? local : global,
                                        layer.qkvProj(attentionBias),
                                        layer.qkNorm(),
                                        layer.oProj(attentionBias)),
                                layer.norm("post_attention_layernorm"),
                                layer.norm("pre_feedforward_layernorm"),
                                new GatedMlp(
                                        config.activation(),
                                        layer.gateUpProj(false),
                                        layer.downProj(false)),
                                layer.norm("post_feedforward_layernorm")));
    }

    /// A layer whose sub-layers each have a norm in front and one behind.
    private record SandwichNormLayer(
            RmsNorm inputLayernorm,
            Attention selfAttn,
            RmsNorm postAttentionLayernorm,
            RmsNorm preFeedforwardLayernorm,
            GatedMlp mlp,
            RmsNorm postFeedforwardLayernorm)
            implements DecoderLayer {

        @Override
        public DecoderStep forward(DecoderStep step) {
            DecoderStep rest = selfAttn.forward(step);
            if (!rest.isEmpty()) {
                postAttentionLayernorm.forward(rest.device(), rest.hidden(), rest.hidden());
                preFeedforwardLayernorm.forwardSum(
                        rest.device(), rest.residual(), rest.hidden(), rest.hidden());
                mlp.forward(rest);
                postFeedforwardLayernorm.forward(rest.device(), rest.hidden(), rest.hidden());
            }
            return rest;
        }
    }
}
