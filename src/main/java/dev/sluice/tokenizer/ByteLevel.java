package dev.sluice.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The byte-level alphabet of GPT-2: each byte has a printable char that stands for it in
/// vocabularies.
final class ByteLevel {
    private static final int NONE = -1;
    private static final char[] CHARS = new char[256];
    private static final int[] BYTES = new int[512];

    static {
        Arrays.fill(BYTES, NONE);
        int next = 256;
        for (int value = 0; value < 256; value++) {
            boolean printable =
                    (value >= '!' && value <= '~')
                            || (value >= 0xA1 && value <= 0xAC)
                            || value >= 0xAE;
            CHARS[value] = (char) (printable ? value : next++);
            BYTES[CHARS[value]] = value;
        }
    }

    private ByteLevel() {}

    /// The char that stands for a byte.
    static char toChar(int value) {
        return CHARS[value];
    }

    /// The bytes of a token: those that its chars stand for, or its UTF-8 where a char stands for
    /// none.
    static byte[] bytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            int value = c < BYTES.length ? BYTES[c] : NONE;
            if (value == NONE) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) value;
        }
        return bytes;
    }

    /// Appends a text in the alphabet.
    static void appendChars(String text, int from, int to, StringBuilder out) {
        for (int i = from; i < to; ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            int length = Utf8.length(codePoint);
            for (int k = 0; k < length; k++) {
                out.append(CHARS[Utf8.byteAt(codePoint, k)]);
            }
        }
    }
}
