package dev.sluice.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/// How tokens become text.
///
/// @param toBytes from a token's text to the bytes that it adds; bytes of fallback tokens aside
/// @param byteFallback tokens of the form `<0x0A>` stand for that byte
/// @param stripsLeadingSpace one space at the beginning of a whole text is dropped
record TokenDecoder(
        Function<String, byte[]> toBytes, boolean byteFallback, boolean stripsLeadingSpace) {
    /// Tokens are text.
    static final TokenDecoder PLAIN =
            new TokenDecoder(text -> text.getBytes(StandardCharsets.UTF_8), false, false);

    /// Tokens are bytes in the byte-level alphabet.
    static final TokenDecoder BYTE_LEVEL = new TokenDecoder(ByteLevel::bytes, false, false);

    /// SentencePiece's tokens, with U+2581 for spaces.
    static TokenDecoder sentencePiece(boolean stripsLeadingSpace) {
        return new TokenDecoder(
                text -> text.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8),
                true,
                stripsLeadingSpace);
    }

    /// Bytes of a token.
    byte[] bytes(String token) {
        int value = byteFallback ? ByteTokens.parse(token) : TokenIndex.NONE;
        return value == TokenIndex.NONE ? toBytes.apply(token) : new byte[] {(byte) value};
    }

    /// Whether a token is one byte of a character that has no token.
    boolean isByte(String token) {
        return byteFallback && ByteTokens.parse(token) != TokenIndex.NONE;
    }
}
