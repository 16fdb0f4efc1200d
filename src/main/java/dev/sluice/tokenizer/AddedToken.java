package dev.sluice.tokenizer;

/// A token beside the model's own pieces, or one of them that is found in text as a whole.
///
/// @param text exactly as it stands in the text
/// @param id as the file gives it; a piece of the same text keeps its own
/// @param singleWord found only between characters that are no part of a word
/// @param takesBefore white space before it belongs to it
/// @param takesAfter white space after it belongs to it
/// @param normalized looked for in normalised text, and normalised itself
/// @param special left out of decoded text when special tokens are skipped
record AddedToken(
        String text,
        int id,
        boolean singleWord,
        boolean takesBefore,
        boolean takesAfter,
        boolean normalized,
        boolean special) {

    /// A token without conditions, found in the text as it is.
    static AddedToken plain(String text, int id, boolean special) {
        return new AddedToken(text, id, false, false, false, false, special);
    }

    /// This token, left out of decoded text when special tokens are skipped.
    AddedToken asSpecial() {
        return new AddedToken(text, id, singleWord, takesBefore, takesAfter, normalized, true);
    }
}
