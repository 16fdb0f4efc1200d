package dev.sluice.tokenizer;

import java.util.Map;
import java.util.Optional;

/// A tokenizer with what its files say about chats.
///
/// @param chatTemplate source of the chat template (Jinja)
/// @param specialTokens texts that templates know by name: `bos_token`, `eos_token`, `unk_token`,
///   `pad_token`, as far as the files name them
public record LoadedTokenizer(
        Tokenizer tokenizer, Optional<String> chatTemplate, Map<String, String> specialTokens) {

    /// Copies the map.
    public LoadedTokenizer {
        specialTokens = Map.copyOf(specialTokens);
    }
}
