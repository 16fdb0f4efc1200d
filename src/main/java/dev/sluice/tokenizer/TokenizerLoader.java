package dev.sluice.tokenizer;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Loads tokenizers from the files that models come with. Every failure is a [TokenizerException]
/// with one sentence.
public final class TokenizerLoader {
    private TokenizerLoader() {}

    /// From a model directory: tokenizer.json, else tokenizer.model (SentencePiece), with what
    /// tokenizer_config.json and the files beside it say about special tokens and chats.
    public static LoadedTokenizer fromDirectory(Path directory) {
        return TokenizerDirectory.read(directory);
    }

    /// From the metadata of a GGUF file.
    ///
    /// @param metadata by key; of these `tokenizer.*` are read. Arrays may be arrays (primitive or
    ///   not) or lists
    public static LoadedTokenizer fromGguf(Map<String, Object> metadata) {
        return GgufTokenizer.read(metadata);
    }

    /// From a tokenizer.json alone: it names no template, no special tokens by role and no end.
    public static LoadedTokenizer fromTokenizerJson(Path file) {
        return new LoadedTokenizer(TokenizerJson.read(file).build(), Optional.empty(), Map.of());
    }

    /// From a SentencePiece model alone (BPE or unigram). A BPE model's beginning-of-sequence id,
    /// if it has one, is put before a text; a unigram's end-of-sequence id behind it.
    public static LoadedTokenizer fromSentencePiece(Path file) {
        return SentencePiece.load(file);
    }
}
