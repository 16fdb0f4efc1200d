package dev.sluice.openai;

import dev.sluice.tokenizer.Vocabulary;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Texts of single tokens.
final class TokenTexts {
    private static final HexFormat HEX = HexFormat.of().withPrefix("\\x");
    private static final char REPLACEMENT = '\uFFFD';

    private TokenTexts() {}

    /// The text of a token. One whose bytes are no whole characters is `bytes:` and each of its
    /// bytes as `\xHH`.
    static String of(int id, Vocabulary vocabulary) {
        byte[] bytes = vocabulary.bytes(id);
        String text = new String(bytes, StandardCharsets.UTF_8);
        return text.indexOf(REPLACEMENT) < 0 || isWhole(bytes)
                ? text
                : "bytes:" + HEX.formatHex(bytes);
    }

    /// A token may be the replacement character itself.
    private static boolean isWhole(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
