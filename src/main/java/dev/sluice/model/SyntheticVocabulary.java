package dev.sluice.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A byte-level BPE vocabulary of any size for models with random weights: three special tokens,
/// the 256 bytes, pairs of lower-case letters with their merges, and fillers.
final class SyntheticVocabulary {
    /// Token that ends an answer.
    static final int EOS = 2;

    private static final List<String> SPECIAL =
            List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int UNUSED = 5;

    private final List<String> tokens = new ArrayList<>(SPECIAL);
    private final List<String> merges = new ArrayList<>();
    private final int firstFiller;

    /// @param size at least 259
    SyntheticVocabulary(int size) {
        tokens.addAll(byteTokens());
        for (char a = 'a'; a <= 'z'; a++) {
            for (char b = 'a'; b <= 'z' && tokens.size() < size; b++) {
                tokens.add("" + a + b);
                merges.add(a + " " + b);
            }
        }
        firstFiller = tokens.size();
        for (int i = 0; tokens.size() < size; i++) {
            tokens.add("<|filler_" + i + "|>");
        }
    }

    /// The characters by which byte-level BPE writes the bytes: printable ones stand for
    /// themselves, the others come from 256 on.
    ///
    /// @see "bytes_to_unicode in encoder.py of openai/gpt-2"
    private static List<String> byteTokens() {
        List<String> characters = new ArrayList<>();
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            characters.add(String.valueOf(printable ? (char) b : next++));
        }
        return characters;
    }

    /// The pairs that GGUF has for a tokenizer.
    Map<String, Object> ggufMetadata() {
        int[] types = new int[tokens.size()];
        for (int i = 0; i < types.length; i++) {
            types[i] = i < SPECIAL.size() ? CONTROL : i < firstFiller ? NORMAL : UNUSED;
        }
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", "gpt-2");
        metadata.put("tokenizer.ggml.tokens", tokens.toArray(String[]::new));
        metadata.put("tokenizer.ggml.token_type", types);
        metadata.put("tokenizer.ggml.merges", merges.toArray(String[]::new));
        metadata.put("tokenizer.ggml.bos_token_id", 1L);
        metadata.put("tokenizer.ggml.eos_token_id", (long) EOS);
        metadata.put("tokenizer.ggml.add_bos_token", false);
        return metadata;
    }

    /// What tokenizer.json holds, as maps and lists.
    Map<String, Object> tokenizerJson() {
        List<Object> added = new ArrayList<>();
        for (int i = 0; i < SPECIAL.size(); i++) {
            added.add(
                    Map.of(
                            "id", i,
                            "content", SPECIAL.get(i),
                            "single_word", false,
                            "lstrip", false,
                            "rstrip", false,
                            "normalized", false,
                            "special", true));
        }
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        for (int i = 0; i < tokens.size(); i++) {
            vocabulary.put(tokens.get(i), i);
        }
        Map<String, Object> byteLevel =
                Map.of(
                        "type", "ByteLevel",
                        "add_prefix_space", false,
                        "trim_offsets", true,
                        "use_regex", true);
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("vocab", vocabulary);
        model.put("merges", merges);
        return Map.of(
                "version", "1.0",
                "added_tokens", added,
                "pre_tokenizer", byteLevel,
                "decoder", byteLevel,
                "model", model);
    }

    /// What tokenizer_config.json holds.
    Map<String, Object> tokenizerConfig() {
        return Map.of(
                "tokenizer_class",
                "PreTrainedTokenizerFast",
                "bos_token",
                SPECIAL.get(1),
                "eos_token",
                SPECIAL.get(EOS),
                "clean_up_tokenization_spaces",
                false);
    }
}
