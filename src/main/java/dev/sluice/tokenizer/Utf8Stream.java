package dev.sluice.tokenizer;

/// Bytes to text, in pieces: the bytes of an incomplete character wait for the next piece. Every
/// maximal part of a character that can't go on becomes one U+FFFD (Unicode, section 3.9), however
/// the bytes were cut.
final class Utf8Stream {
    private static final char REPLACEMENT = '\uFFFD';

    private int codePoint;
    private int missing;
    private int lowest = 0x80;
    private int highest = 0xBF;

    /// Appends the text that bytes complete.
    void accept(byte[] bytes, StringBuilder out) {
        for (byte signed : bytes) {
            int value = signed & 0xFF;
            if (missing > 0) {
                if (goesOn(value)) {
                    follow(value, out);
                    continue;
                }
                missing = 0;
                out.append(REPLACEMENT);
            }
            begin(value, out);
        }
    }

    /// Whether a character waits that these bytes don't go on with.
    boolean breaksAt(byte[] bytes) {
        return missing > 0 && bytes.length > 0 && !goesOn(bytes[0] & 0xFF);
    }

    /// Whether a character waits for more.
    boolean waits() {
        return missing > 0;
    }

    private boolean goesOn(int value) {
        return value >= lowest && value <= highest;
    }

    /// Ends the text: what still waits becomes one U+FFFD.
    void flush(StringBuilder out) {
        if (missing > 0) {
            missing = 0;
            out.append(REPLACEMENT);
        }
    }

    private void follow(int value, StringBuilder out) {
        codePoint = codePoint << 6 | (value & 0x3F);
        lowest = 0x80;
        highest = 0xBF;
        if (--missing == 0) {
            out.appendCodePoint(codePoint);
        }
    }

    private void begin(int value, StringBuilder out) {
        lowest = 0x80;
        highest = 0xBF;
        if (value < 0x80) {
            out.append((char) value);
        } else if (value >= 0xC2 && value <= 0xDF) {
            expect(value & 0x1F, 1);
        } else if (value >= 0xE0 && value <= 0xEF) {
            expect(value & 0x0F, 2);
            // No overlong forms, no surrogates.
            lowest = value == 0xE0 ? 0xA0 : 0x80;
            highest = value == 0xED ? 0x9F : 0xBF;
        } else if (value >= 0xF0 && value <= 0xF4) {
            expect(value & 0x07, 3);
            // No overlong forms, nothing past U+10FFFF.
            lowest = value == 0xF0 ? 0x90 : 0x80;
            highest = value == 0xF4 ? 0x8F : 0xBF;
        } else {
            out.append(REPLACEMENT);
        }
    }

    private void expect(int bits, int more) {
        codePoint = bits;
        missing = more;
    }
}
