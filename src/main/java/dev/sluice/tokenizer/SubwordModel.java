package dev.sluice.tokenizer;

/// Turns one word of normalised text into ids. Immutable.
sealed interface SubwordModel permits MergeBpe, PieceBpe, Unigram {

    /// Appends the ids of a part of a text. The same part always gives the same ids.
    void encode(String text, int from, int to, IntList out);

    /// How many tokens a word gives at least, told without encoding it; 0 where that can't be told.
    default int fewest(String text, int from, int to) {
        return 0;
    }
}
