package dev.sluice.tokenizer;

/// Classes of characters by Unicode's properties, as the tokenizers' libraries see them.
final class Characters {
    private static final int MARKS =
            1 << Character.NON_SPACING_MARK
                    | 1 << Character.ENCLOSING_MARK
                    | 1 << Character.COMBINING_SPACING_MARK;
    private static final int LETTERS =
            1 << Character.UPPERCASE_LETTER
                    | 1 << Character.LOWERCASE_LETTER
                    | 1 << Character.TITLECASE_LETTER
                    | 1 << Character.MODIFIER_LETTER
                    | 1 << Character.OTHER_LETTER;
    private static final int NUMBERS =
            1 << Character.DECIMAL_DIGIT_NUMBER
                    | 1 << Character.LETTER_NUMBER
                    | 1 << Character.OTHER_NUMBER;
    private static final int PUNCTUATION =
            1 << Character.CONNECTOR_PUNCTUATION
                    | 1 << Character.DASH_PUNCTUATION
                    | 1 << Character.START_PUNCTUATION
                    | 1 << Character.END_PUNCTUATION
                    | 1 << Character.INITIAL_QUOTE_PUNCTUATION
                    | 1 << Character.FINAL_QUOTE_PUNCTUATION
                    | 1 << Character.OTHER_PUNCTUATION;

    private Characters() {}

    /// White_Space, which differs from Java's own notion (no-break spaces, U+0085, separators).
    static boolean isSpace(int c) {
        if (c < 0x80) {
            return c == ' ' || (c >= '\t' && c <= '\r');
        }
        return c == 0x85
                || c == 0xA0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200A)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    /// A letter: general category L.
    static boolean isLetter(int c) {
        return in(c, LETTERS);
    }

    /// A mark: general category M.
    static boolean isMark(int c) {
        return in(c, MARKS);
    }

    /// A number of any kind: general category N.
    static boolean isNumber(int c) {
        return in(c, NUMBERS);
    }

    /// Punctuation, and all of ASCII's symbols.
    static boolean isPunctuation(int c) {
        if (c < 0x80) {
            return c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c);
        }
        return in(c, PUNCTUATION);
    }

    /// Part of a word: alphabetic, a mark, a decimal digit, connecting punctuation or a joiner.
    static boolean isWord(int c) {
        return Character.isAlphabetic(c)
                || in(
                        c,
                        MARKS
                                | 1 << Character.DECIMAL_DIGIT_NUMBER
                                | 1 << Character.CONNECTOR_PUNCTUATION)
                || c == 0x200C
                || c == 0x200D;
    }

    private static boolean in(int c, int categories) {
        return (categories >> Character.getType(c) & 1) != 0;
    }
}
