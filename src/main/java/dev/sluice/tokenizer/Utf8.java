package dev.sluice.tokenizer;

/// Bytes of single code points. A lone surrogate counts as U+FFFD.
final class Utf8 {
    /// What stands for text that is none.
    static final String REPLACEMENT_TEXT = "\uFFFD";

    private static final int REPLACEMENT = 0xFFFD;

    private Utf8() {}

    static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    /// Number of bytes.
    static int length(int codePoint) {
        if (codePoint < 0x80) {
            return 1;
        }
        return codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    /// Number of bytes of a part of a text.
    static int length(String text, int from, int to) {
        long length = 0;
        for (int i = from; i < to; ) {
            int codePoint = text.codePointAt(i);
            length += length(codePoint);
            i += Character.charCount(codePoint);
        }
        return (int) Math.min(Integer.MAX_VALUE, length);
    }

    /// The byte at an index, 0 to 255.
    static int byteAt(int codePoint, int index) {
        if (isSurrogate(codePoint)) {
            return byteAt(REPLACEMENT, index);
        }
        int length = length(codePoint);
        if (length == 1) {
            return codePoint;
        }
        int bits = codePoint >> (6 * (length - 1 - index));
        return index > 0 ? 0x80 | (bits & 0x3F) : (0xF00 >> length & 0xFF) | bits;
    }
}
