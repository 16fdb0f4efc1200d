package dev.sluice.model;

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
    public String defaults() {
        return """
        {
          "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
          "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
          "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-6,
          "rope_theta": 10000.0, "tie_word_embeddings": false, "sliding_window": 4096,
          "eos_token_id": 2
        }
        """;
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
