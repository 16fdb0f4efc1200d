package dev.sluice.tokenizer;

/// What becomes of spaces that a decoded text would begin with.
public enum LeadingSpace {
    /// They stay.
    KEPT,
    /// One goes.
    ONE,
    /// One of each token goes until there is text, as in SentencePiece where it shrinks spaces.
    OF_EACH_TOKEN
}
