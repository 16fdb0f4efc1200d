package dev.sluice.tokenizer;

/// What becomes of spaces that a decoded text would begin with.
public enum LeadingSpace {
    /// They stay.
    KEPT,
    /// One goes.
    ONE,
    /// All that the first token begins with go, as in Hugging Face's `Metaspace` (which drops those
    /// inside that token, too).
    OF_FIRST_TOKEN,
    /// One of each token goes until there is text, as in SentencePiece where it shrinks spaces.
    OF_EACH_TOKEN
}
