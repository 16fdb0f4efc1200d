package dev.sluice.tokenizer;

import java.util.Arrays;

/// Ids of single bytes.
final class ByteTokens {
    private static final int FORM = "<0x00>".length();

    private ByteTokens() {}

    /// Id by byte in the byte-level alphabet; [TokenIndex#NONE] for a byte without a token.
    static int[] byLevel(TokenIndex index) {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++) {
            ids[value] = index.find(String.valueOf(ByteLevel.toChar(value)));
        }
        return ids;
    }

    /// Id by byte of the tokens `<0x00>` to `<0xFF>`; [TokenIndex#NONE] where there is none.
    static int[] byFallback(TokenIndex index) {
        int[] ids = new int[256];
        for (int value = 0; value < 256; value++) {
            ids[value] = index.find(String.format("<0x%02X>", value));
        }
        return ids;
    }

    /// Whether each byte has a token.
    static boolean isComplete(int[] ids) {
        return Arrays.stream(ids).noneMatch(id -> id == TokenIndex.NONE);
    }

    /// The byte that a token of the form `<0x0A>` stands for, or [TokenIndex#NONE].
    static int parse(String token) {
        if (token.length() != FORM || !token.startsWith("<0x") || token.charAt(FORM - 1) != '>') {
            return TokenIndex.NONE;
        }
        int high = Character.digit(token.charAt(3), 16);
        int low = Character.digit(token.charAt(4), 16);
        return high < 0 || low < 0 ? TokenIndex.NONE : high << 4 | low;
    }

    /// Appends the ids of a code point's bytes; false, with nothing appended, if one has no token.
    static boolean append(int[] ids, int codePoint, IntList out) {
        int length = Utf8.length(codePoint);
        for (int i = 0; i < length; i++) {
            if (ids[Utf8.byteAt(codePoint, i)] == TokenIndex.NONE) {
                return false;
            }
        }
        for (int i = 0; i < length; i++) {
            out.add(ids[Utf8.byteAt(codePoint, i)]);
        }
        return true;
    }
}
