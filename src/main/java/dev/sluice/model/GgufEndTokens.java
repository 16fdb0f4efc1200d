package dev.sluice.model;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Finds the tokens that end an answer in the vocabulary of a GGUF file.
final class GgufEndTokens {
    private static final List<String> KEYS =
            List.of(
                    "tokenizer.ggml.eos_token_id",
                    "tokenizer.ggml.eot_token_id",
                    "tokenizer.ggml.eom_token_id");

    /// Files often name only one of the tokens that end a turn; these texts mean nothing else.
    private static final Set<String> TEXTS =
            Set.of(
                    "<|eot_id|>",
                    "<|eom_id|>",
                    "<|im_end|>",
                    "<|endoftext|>",
                    "<|end_of_text|>",
                    "<end_of_turn>",
                    "<|end_of_sentence|>");

    private GgufEndTokens() {}

    /// Token ids, in ascending order.
    static Set<Integer> of(Map<String, Object> metadata) {
        Set<Integer> ids = new TreeSet<>();
        for (String key : KEYS) {
            if (metadata.get(key) instanceof Long id && id == id.intValue() && id >= 0) {
                ids.add(id.intValue());
            }
        }
        if (metadata.get("tokenizer.ggml.tokens") instanceof String[] tokens) {
            for (int id = 0; id < tokens.length; id++) {
                if (tokens[id].startsWith("<") && TEXTS.contains(tokens[id])) {
                    ids.add(id);
                }
            }
        }
        return ids;
    }
}
