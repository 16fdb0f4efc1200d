package dev.sluice.openai;

import dev.sluice.tokenizer.Vocabulary;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Texts of single tokens.
final class TokenTexts {
    private static final HexFormat HEX = HexFormat.of().withPrefix("\\x");

    private TokenTexts() {}

    /// The text of a token. One whose bytes are no whole characters is `bytes:` and each of its
    /// bytes as `\xHH`.
    static String of(int id, Vocabulary vocabulary) {
        byte[] bytes = vocabulary.bytes(id);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return "bytes:" + HEX.formatHex(bytes);
        }
    }
}
