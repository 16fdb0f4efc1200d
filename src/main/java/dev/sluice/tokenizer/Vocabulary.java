package dev.sluice.tokenizer;

import java.util.OptionalInt;
import java.util.Set;

/// The ids of a tokenizer and the bytes that they stand for. Immutable.
public interface Vocabulary {

    /// One past the highest id. Logits may be wider (padded): such ids have no bytes.
    int size();

    /// The bytes that an id adds to a text; empty for an id without text or past the vocabulary. A
    /// fresh copy is not made: never modify the array.
    byte[] bytes(int id);

    /// The bytes that an id adds where it is the first of a whole text: a decoder may drop spaces
    /// of that token. Spaces that any text may lose are a matter of [#leadingSpace()].
    default byte[] firstBytes(int id) {
        return bytes(id);
    }

    /// Whether an id is a control token that is left out of the text when special tokens are
    /// skipped.
    boolean isSpecial(int id);

    /// Whether an id stands for a single byte of a character that has no token of its own (`<0x0A>`
    /// of SentencePiece). A run of such ids that is no UTF-8 decodes to one U+FFFD for each.
    default boolean isByte(int id) {
        return false;
    }

    /// The id of a token by its exact text, special tokens included.
    OptionalInt id(String token);

    /// Beginning-of-sequence id, where there is one.
    OptionalInt bosId();

    /// Ids that end a sequence as far as the tokenizer's own files say.
    Set<Integer> eosIds();

    /// What a decoder does with spaces at the beginning of a whole text (SentencePiece with a dummy
    /// prefix drops them).
    default LeadingSpace leadingSpace() {
        return LeadingSpace.KEPT;
    }
}
