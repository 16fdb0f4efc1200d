package dev.sluice.model;

import dev.sluice.model.LoadedWeights.Part;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// ERNIE 4.5, dense: Llama with RoPE on pairs of neighbours.
///
/// There are two layouts of the same model. -PT is that of transformers. -Paddle has the prefix
/// `ernie.`, stores projections as `[in, out]` and fuses them: `qkv_proj` holds q, k and v,
/// `up_gate_proj` the gate first and then up.
///
/// @see "modeling_ernie4_5.py of huggingface/transformers, and Baidu's converter to it"
final class Ernie45ForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("Ernie4_5ForCausalLM", "Ernie4_5_ForCausalLM");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("ernie4_5", "ernie");
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.ofEntries(
                Map.entry("vocab_size", 103424),
                Map.entry("hidden_size", 1024),
                Map.entry("intermediate_size", 3072),
                Map.entry("num_hidden_layers", 18),
                Map.entry("num_attention_heads", 16),
                Map.entry("num_key_value_heads", 2),
                Map.entry("head_dim", 128),
                Map.entry("hidden_act", "silu"),
                Map.entry("max_position_embeddings", 131072),
                Map.entry("rms_norm_eps", 1e-5),
                Map.entry("rope_theta", 500000.0),
                Map.entry("tie_word_embeddings", true),
                Map.entry("use_bias", false),
                Map.entry("compression_ratio", 1.0),
                Map.entry("eos_token_id", 2));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        if (values.number("compression_ratio") != 1) {
            throw values.wrong("compression_ratio", "1, which is what Sluice knows");
        }
        DecoderConfigs configs = new DecoderConfigs(values);
        return configs.plain(true, configs.noWindows());
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        boolean bias = values.flag("use_bias");
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
                                        layer.qkvProj(bias),
                                        Optional.empty(),
                                        layer.oProj(bias)),
                                layer.norm("post_attention_layernorm"),
                                new GatedMlp(
                                        config.activation(),
                                        layer.gateUpProj(bias),
                                        layer.downProj(bias))));
    }

    /// Turns the -Paddle layout into that of -PT.
    @Override
    public void arrange(ModelConfig config, Weights weights) {
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        int query = config.numHeads() * config.headDim();
        int key = config.numKvHeads() * config.headDim();
        if (!isPaddle(weights, hidden, inner)) {
            return;
        }
        for (int i = 0; i < config.numLayers(); i++) {
            String attn = "model.layers." + i + ".self_attn.";
            String mlp = "model.layers." + i + ".mlp.";
            for (String name : List.of("qkv_proj", "q_proj", "k_proj", "v_proj", "o_proj")) {
                weights.transpose(attn + name + ".weight");
            }
            for (String name : List.of("up_gate_proj", "gate_proj", "up_proj", "down_proj")) {
                weights.transpose(mlp + name + ".weight");
            }
            for (String kind : List.of(".weight", ".bias")) {
                weights.split(
                        attn + "qkv_proj" + kind,
                        new Part(attn + "q_proj" + kind, query),
                        new Part(attn + "k_proj" + kind, key),
                        new Part(attn + "v_proj" + kind, key));
                weights.split(
                        mlp + "up_gate_proj" + kind,
                        new Part(mlp + "gate_proj" + kind, inner),
                        new Part(mlp + "up_proj" + kind, inner));
            }
        }
        weights.transpose("lm_head.weight");
    }

    /// Where the matrix is square, its shape says nothing and the names do.
    private static boolean isPaddle(Weights weights, int hidden, int inner) {
        String down = "model.layers.0.mlp.down_proj.weight";
        return weights.isShaped(down, inner, hidden)
                && (hidden != inner
                        || weights.isNamedInFile(down, "ernie.")
                        || weights.has("model.layers.0.self_attn.qkv_proj.weight")
                        || weights.has("model.layers.0.mlp.up_gate_proj.weight"));
    }
}
