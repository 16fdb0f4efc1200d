package dev.sluice.openai;

import dev.sluice.tokenizer.TokenIds;

/// Makes the parser of one choice.
@FunctionalInterface
interface ParserFactory {

    /// A new parser.
    ///
    /// @param prompt of the choice: it may have opened the thinking already
    OutputParser create(ParserSettings settings, ServedModel served, TokenIds prompt);
}
