package dev.sluice.model;

import java.util.HashMap;
import java.util.Map;

/// Turns GGUF's tensor names into those of transformers.
///
/// @see "gguf-py/gguf/tensor_mapping.py of ggml-org/llama.cpp"
final class GgufNames {
    private static final Map<String, String> WHOLE =
            Map.of(
                    "token_embd", "model.embed_tokens",
                    "output_norm", "model.norm",
                    "output", "lm_head");
    private static final Map<String, String> IN_LAYERS =
            Map.of(
                    "attn_norm", "input_layernorm",
                    "attn_q", "self_attn.q_proj",
                    "attn_k", "self_attn.k_proj",
                    "attn_v", "self_attn.v_proj",
                    "attn_output", "self_attn.o_proj",
                    "ffn_norm", "post_attention_layernorm",
                    "ffn_gate", "mlp.gate_proj",
                    "ffn_up", "mlp.up_proj",
                    "ffn_down", "mlp.down_proj");

    private final Map<String, String> inLayers = new HashMap<>(IN_LAYERS);

    /// @param particular what a family calls otherwise, or has beyond the usual
    GgufNames(Map<String, String> particular) {
        inLayers.putAll(particular);
    }

    /// Transformers' name; the same name where it has none.
    String translate(String name) {
        int kindAt = name.lastIndexOf('.');
        if (kindAt < 0) {
            return name;
        }
        String kind = name.substring(kindAt);
        String[] path = name.substring(0, kindAt).split("\\.", -1);
        if (path.length == 1 && WHOLE.containsKey(path[0])) {
            return WHOLE.get(path[0]) + kind;
        }
        if (path.length == 3 && path[0].equals("blk") && inLayers.containsKey(path[2])) {
            return "model.layers." + path[1] + "." + inLayers.get(path[2]) + kind;
        }
        return name;
    }

    /// GGUF's name for one of transformers'.
    ///
    /// @throws IllegalArgumentException if it has none
    String restore(String name) {
        int kindAt = name.lastIndexOf('.');
        String kind = name.substring(kindAt);
        String path = name.substring(0, kindAt);
        String layers = "model.layers.";
        if (!path.startsWith(layers)) {
            return keyOf(WHOLE, path) + kind;
        }
        int numberEnds = path.indexOf('.', layers.length());
        String number = path.substring(layers.length(), numberEnds);
        return "blk." + number + "." + keyOf(inLayers, path.substring(numberEnds + 1)) + kind;
    }

    private static String keyOf(Map<String, String> names, String value) {
        return names.entrySet().stream()
                .filter(entry -> entry.getValue().equals(value))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("GGUF has no name for " + value));
    }
}
