package dev.sluice.tokenizer;

/// Text to token ids. Immutable and safe for use by several threads.
public interface Tokenizer {

    /// Encodes text. Special tokens that are written out in the text are recognised, as Hugging
    /// Face's tokenizers do.
    ///
    /// @param addSpecial adds what the model wants around a text (a beginning-of-sequence id, say)
    TokenIds encode(String text, boolean addSpecial);

    /// The ids and what they stand for.
    Vocabulary vocabulary();

    /// Decodes ids as a whole; bytes that are no UTF-8 become U+FFFD.
    String decode(TokenIds ids, boolean skipSpecial);
}
