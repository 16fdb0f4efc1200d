package dev.sluice.guided;

import dev.sluice.engine.FinishReason;
import dev.sluice.tokenizer.TokenIds;

/// A text that was written for a schema.
///
/// @param number of the text, which is its seed
/// @param closed whether objects that don't say so have no other keys
/// @param ids the tokens, the one that ended the text included
public record Generation(
        int number,
        String schema,
        boolean closed,
        float temperature,
        String text,
        TokenIds ids,
        FinishReason reason) {}
