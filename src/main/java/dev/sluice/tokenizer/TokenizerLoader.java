package dev.sluice.tokenizer;

import java.util.Map;

/// Loads tokenizers from the files that models come with. Every failure is a [TokenizerException]
/// with one sentence.
public final class TokenizerLoader {
    private TokenizerLoader() {}

    /// From the metadata of a GGUF file.
    ///
    /// @param metadata by key; of these `tokenizer.*` are read. Arrays may be arrays (primitive or
    ///   not) or lists
    public static LoadedTokenizer fromGguf(Map<String, Object> metadata) {
        return GgufTokenizer.read(metadata);
    }
}
