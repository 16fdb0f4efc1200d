package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;

/// What finds the calls of an output.
interface CallSource {
    /// Where no calls are looked for.
    CallSource NONE = () -> false;

    /// Whether there are calls and all are complete.
    boolean calledTools();

    /// Ids of the next piece.
    default void tokens(TokenIds ids) {}
}
