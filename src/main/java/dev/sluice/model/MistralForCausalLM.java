package dev.sluice.model;

import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// Mistral: Llama with a sliding window on every layer, where the checkpoint asks for one.
///
/// GGUF's converter makes it a Llama.
///
/// @see "modeling_mistral.py of huggingface/transformers"
final class MistralForCausalLM implements ModelFamily {

    @Override
    public Set<String> architectures() {
        return Set.of("MistralForCausalLM");
    }

    @Override
    public Set<String> modelTypes() {
        return Set.of("mistral");
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.ofEntries(
                Map.entry("vocab_size", 32000),
                Map.entry("hidden_size", 4096),
                Map.entry("intermediate_size", 14336),
                Map.entry("num_hidden_layers", 32),
                Map.entry("num_attention_heads", 32),
                Map.entry("num_key_value_heads", 8),
                Map.entry("hidden_act", "silu"),
                Map.entry("max_position_embeddings", 131072),
                Map.entry("rms_norm_eps", 1e-6),
                Map.entry("rope_theta", 10000.0),
                Map.entry("tie_word_embeddings", false),
                Map.entry("sliding_window", 4096),
                Map.entry("eos_token_id", 2));
    }

    @Override
    public ModelConfig config(ConfigValues values) {
        DecoderConfigs configs = new DecoderConfigs(values);
        OptionalInt window = values.optionalSize("sliding_window");
        return configs.plain(false, configs.layerWindows(window, _ -> true));
    }

    @Override
    public Decoder load(ModelConfig config, ConfigValues values, LoadedWeights weights) {
        return new LlamaForCausalLM().load(config, values, weights);
    }
}
