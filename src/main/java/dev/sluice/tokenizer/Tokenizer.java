package dev.sluice.tokenizer;

/// Text to token ids. Immutable and safe for use by several threads.
public interface Tokenizer {

    /// Encodes text. Special tokens that are written out in the text are recognised, as Hugging
    /// Face's tokenizers do.
    ///
    /// @param addSpecial adds what the model wants around a text (a beginning-of-sequence id, say)
    /// @throws TextTooLongException if a single word takes more memory or stack than it may
    TokenIds encode(String text, boolean addSpecial);

    /// As above, but a long word that alone gives more tokens than are wanted need not be encoded.
    /// Other texts are, however many tokens they give.
    ///
    /// @param most tokens that are wanted
    /// @throws TextTooLongException with the number of tokens in the case above
    default TokenIds encode(String text, boolean addSpecial, int most) {
        return encode(text, addSpecial);
    }

    /// The ids and what they stand for.
    Vocabulary vocabulary();

    /// Decodes ids as a whole; bytes that are no UTF-8 become U+FFFD.
    String decode(TokenIds ids, boolean skipSpecial);
}
