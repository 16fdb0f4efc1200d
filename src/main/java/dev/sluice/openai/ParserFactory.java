package dev.sluice.openai;

import dev.sluice.openai.parsers.OutputParser;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

/// Makes the parser of one choice.
@FunctionalInterface
interface ParserFactory {

    /// A new parser.
    ///
    /// @param prompt of the choice: it may have opened the thinking already
    OutputParser create(ParserSettings settings, Tokenizer tokenizer, TokenIds prompt);
}
