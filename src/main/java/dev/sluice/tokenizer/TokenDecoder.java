package dev.sluice.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/// How tokens become text.
///
/// @param toBytes from a token's text to the bytes that it adds; bytes of fallback tokens aside
/// @param toFirstBytes as above, for the first token of a whole text
/// @param byteFallback tokens of the form `<0x0A>` stand for that byte
/// @param leadingSpace what becomes of spaces at the beginning of a whole text
record TokenDecoder(
        Function<String, byte[]> toBytes,
        Function<String, byte[]> toFirstBytes,
        boolean byteFallback,
        LeadingSpace leadingSpace) {
    /// Tokens are text.
    static final TokenDecoder PLAIN =
            new TokenDecoder(
                    text -> text.getBytes(StandardCharsets.UTF_8), false, LeadingSpace.KEPT);

    /// Tokens are bytes in the byte-level alphabet.
    static final TokenDecoder BYTE_LEVEL =
            new TokenDecoder(ByteLevel::bytes, false, LeadingSpace.KEPT);

    /// SentencePiece's tokens, with U+2581 for spaces.
    static TokenDecoder sentencePiece(LeadingSpace leadingSpace) {
        return new TokenDecoder(
                text -> text.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8),
                true,
                leadingSpace);
    }

    /// All tokens become text in the same way.
    TokenDecoder(
            Function<String, byte[]> toBytes, boolean byteFallback, LeadingSpace leadingSpace) {
        this(toBytes, toBytes, byteFallback, leadingSpace);
    }

    /// Bytes of a token.
    byte[] bytes(String token) {
        return bytes(token, toBytes);
    }

    /// Bytes of a token that is the first of a whole text.
    byte[] firstBytes(String token) {
        return bytes(token, toFirstBytes);
    }

    private byte[] bytes(String token, Function<String, byte[]> ofText) {
        int value = byteFallback ? ByteTokens.parse(token) : TokenIndex.NONE;
        return value == TokenIndex.NONE ? ofText.apply(token) : new byte[] {(byte) value};
    }

    /// Whether a token is one byte of a character that has no token.
    boolean isByte(String token) {
        return byteFallback && ByteTokens.parse(token) != TokenIndex.NONE;
    }
}
