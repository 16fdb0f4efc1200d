package dev.sluice.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Llama 2 and 3, SmolLM2 and everything of their shape.
///
/// @see "modeling_llama.py of huggingface/transformers"
final class LlamaForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("LlamaForCausalLM");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("llama");
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.ofEntries(
                Map.entry("vocab_size", 32000),
                Map.entry("hidden_size", 4096),
                Map.entry("intermediate_size", 11008),
                Map.entry("num_hidden_layers", 32),
                Map.entry("num_attention_heads", 32),
                Map.entry("hidden_act", "silu"),
                Map.entry("max_position_embeddings", 2048),
                Map.entry("rms_norm_eps", 1e-6),
                Map.entry("rope_theta", 10000.0),
                Map.entry("tie_word_embeddings", false),
                Map.entry("attention_bias", false),
                Map.entry("mlp_bias", false),
                Map.entry("eos_token_id", 2));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        DecoderConfigs configs = new DecoderConfigs(values);
        return configs.plain(false, configs.noWindows());
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        boolean attentionBias = values.flag("attention_bias");
        boolean mlpBias = values.flag("mlp_bias");
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
                                        Optional.empty(),
                                        layer.oProj(attentionBias)),
                                layer.norm("post_attention_layernorm"),
                                new GatedMlp(
                                        config.activation(),
                                        layer.gateUpProj(mlpBias),
                                        layer.downProj(mlpBias))));
    }

    /// GGUF's converter turns the halves of each query and key head into pairs of neighbours.
    @Override
    public void arrange(ModelConfig config, Weights weights) {
        if (weights.isGguf()) {
            int[] queryRows = pairedRows(config.numHeads(), config.headDim());
            int[] keyRows = pairedRows(config.numKvHeads(), config.headDim());
            for (int i = 0; i < config.numLayers(); i++) {
                String attn = "model.layers." + i + ".self_attn.";
                for (String kind : List.of(".weight", ".bias")) {
                    weights.reorder(attn + "q_proj" + kind, queryRows);
                    weights.reorder(attn + "k_proj" + kind, keyRows);
                }
            }
        }
    }

    /// Where GGUF has each row: row `j` of a head's first half at `2 j`, of its second at `2 j +
    /// 1`.
    static int[] pairedRows(int numHeads, int headDim) {
        int half = headDim / 2;
        int[] order = new int[numHeads * headDim];
        for (int row = 0; row < order.length; row++) {
            int inHead = row % headDim;
            order[row] = row - inHead + 2 * (inHead % half) + inHead / half;
        }
        return order;
    }
}
