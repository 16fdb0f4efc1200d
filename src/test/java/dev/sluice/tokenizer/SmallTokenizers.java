package dev.sluice.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// GGUF metadata of small vocabularies.
final class SmallTokenizers {
    /// Number of tokens of [#byteLevel].
    static final int BYTE_LEVEL_SIZE = 267;

    private static final List<String> MERGES =
            List.of(
                    "h e",
                    "l l",
                    "he ll",
                    "hell o",
                    "\u0120 w",
                    "o r",
                    "\u0120w or",
                    "a a",
                    "aa aa");

    private SmallTokenizers() {}

    /// All bytes, a few merges, `<s>` and `</s>` as control tokens; id of a byte is the byte.
    static Map<String, Object> byteLevel() {
        List<String> tokens = new ArrayList<>();
        List<Long> types = new ArrayList<>();
        for (int value = 0; value < 256; value++) {
            tokens.add(String.valueOf(ByteLevel.toChar(value)));
            types.add(1L);
        }
        for (String merge : MERGES) {
            tokens.add(merge.replace(" ", ""));
            types.add(1L);
        }
        tokens.addAll(List.of("<s>", "</s>"));
        types.addAll(List.of(3L, 3L));
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", "gpt-2");
        metadata.put("tokenizer.ggml.tokens", tokens.toArray(String[]::new));
        metadata.put(
                "tokenizer.ggml.token_type", types.stream().mapToLong(Long::longValue).toArray());
        metadata.put("tokenizer.ggml.merges", MERGES.toArray(String[]::new));
        metadata.put("tokenizer.ggml.bos_token_id", 265L);
        metadata.put("tokenizer.ggml.eos_token_id", 266L);
        return metadata;
    }

    /// SentencePiece's kind: three control tokens, 256 bytes, then letters and a few words.
    static Map<String, Object> sentencePiece() {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        List<Integer> types = new ArrayList<>(List.of(2, 3, 3));
        List<Float> scores = new ArrayList<>(List.of(0f, 0f, 0f));
        for (int value = 0; value < 256; value++) {
            tokens.add(String.format("<0x%02X>", value));
            types.add(6);
            scores.add(0f);
        }
        for (String piece : List.of("\u2581h", "lo", "\u2581hel", "el", "\u2581hello")) {
            tokens.add(piece);
            types.add(1);
            scores.add((float) -tokens.size());
        }
        for (String letter : List.of("\u2581", "h", "e", "l", "o", ".")) {
            tokens.add(letter);
            types.add(1);
            scores.add((float) -tokens.size());
        }
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "llama");
        metadata.put("tokenizer.ggml.tokens", tokens);
        metadata.put("tokenizer.ggml.token_type", types);
        metadata.put("tokenizer.ggml.scores", scores);
        metadata.put("tokenizer.ggml.bos_token_id", 1L);
        metadata.put("tokenizer.ggml.eos_token_id", 2L);
        metadata.put("tokenizer.ggml.unknown_token_id", 0L);
        return metadata;
    }
}
