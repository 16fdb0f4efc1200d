package dev.sluice.openai;

import dev.sluice.tokenizer.TokenIds;

/// What a model is to continue, as a request gives it.
sealed interface Prompt {

    /// Text to be tokenized.
    record Text(String text) implements Prompt {}

    /// Tokenized by the client.
    record Ids(TokenIds ids) implements Prompt {}
}
