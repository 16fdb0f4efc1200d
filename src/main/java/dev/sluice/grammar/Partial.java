package dev.sluice.grammar;

/// Characters of which only some bytes have been read, packed into an int: the beginning of a UTF-8
/// sequence or of an escape of a JSON string.
///
/// Zero is "between characters", other partial characters are negative. A step gives a partial
/// character, a code point (zero and up) or [#INVALID].
final class Partial {
    /// No character has begun.
    static final int NONE = 0;

    /// The byte can't come here.
    static final int INVALID = -1;

    private static final int MARK = 1 << 31;
    private static final int KIND_SHIFT = 28;
    private static final int COUNT_SHIFT = 26;
    private static final int VALUE_MASK = (1 << COUNT_SHIFT) - 1;

    /// UTF-8: the count is how many bytes are missing, the value the bits so far.
    private static final int UTF8 = 0;

    /// Behind a backslash.
    private static final int ESCAPE = 1;

    /// Behind `\\u`: the count is how many digits there are, the value theirs.
    private static final int HEX = 2;

    /// Behind a high surrogate, which is the value: a backslash must come.
    private static final int LOW_ESCAPE = 3;

    /// Behind that backslash.
    private static final int LOW_U = 4;

    /// The digits of a low surrogate: the value is the high one's ten bits and the digits.
    private static final int LOW_HEX = 5;

    private static final int DIGIT_BITS = 12;

    private Partial() {}

    private static int of(int kind, int count, int value) {
        return MARK | kind << KIND_SHIFT | count << COUNT_SHIFT | value;
    }

    private static int kind(int partial) {
        return partial >>> KIND_SHIFT & 7;
    }

    private static int count(int partial) {
        return partial >>> COUNT_SHIFT & 3;
    }

    private static int value(int partial) {
        return partial & VALUE_MASK;
    }

    static boolean isPartial(int result) {
        return result < INVALID;
    }

    /// Reads a byte of plain text.
    static int text(int partial, int b) {
        if (partial == NONE) {
            return b < 0x80 ? b : lead(b);
        }
        return kind(partial) == UTF8 ? continued(partial, b) : INVALID;
    }

    /// Reads a byte of the inside of a JSON string.
    static int json(int partial, int b) {
        if (partial == NONE) {
            if (b == '\\') {
                return of(ESCAPE, 0, 0);
            }
            if (b < 0x20 || b == '"') {
                return INVALID;
            }
            return b < 0x80 ? b : lead(b);
        }
        return switch (kind(partial)) {
            case UTF8 -> continued(partial, b);
            case ESCAPE -> escaped(b);
            case HEX -> hex(partial, b);
            case LOW_ESCAPE -> b == '\\' ? of(LOW_U, 0, value(partial)) : INVALID;
            case LOW_U -> b == 'u' ? of(LOW_HEX, 0, value(partial) << DIGIT_BITS) : INVALID;
            default -> lowHex(partial, b);
        };
    }

    private static int lead(int b) {
        if (b >= 0xC2 && b <= 0xDF) {
            return of(UTF8, 1, b & 0x1F);
        }
        if (b >= 0xE0 && b <= 0xEF) {
            return of(UTF8, 2, b & 0xF);
        }
        return b >= 0xF0 && b <= 0xF4 ? of(UTF8, 3, b & 7) : INVALID;
    }

    /// Overlong forms, surrogates and what is past the last code point are no UTF-8.
    private static int continued(int partial, int b) {
        int missing = count(partial);
        int value = value(partial);
        if ((b & 0xC0) != 0x80
                || (missing == 2 && value == 0 && b < 0xA0)
                || (missing == 2 && value == 0xD && b > 0x9F)
                || (missing == 3 && value == 0 && b < 0x90)
                || (missing == 3 && value == 4 && b > 0x8F)) {
            return INVALID;
        }
        int next = value << 6 | (b & 0x3F);
        return missing == 1 ? next : of(UTF8, missing - 1, next);
    }

    private static int escaped(int b) {
        return switch (b) {
            case '"', '\\', '/' -> b;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> of(HEX, 0, 0);
            default -> INVALID;
        };
    }

    private static int hex(int partial, int b) {
        int digit = Character.digit(b, 16);
        if (digit < 0) {
            return INVALID;
        }
        int value = value(partial) << 4 | digit;
        if (count(partial) < 3) {
            return of(HEX, count(partial) + 1, value);
        }
        if (value >= Character.MIN_HIGH_SURROGATE && value <= Character.MAX_HIGH_SURROGATE) {
            return of(LOW_ESCAPE, 0, value - Character.MIN_HIGH_SURROGATE);
        }
        return value >= Character.MIN_LOW_SURROGATE && value <= Character.MAX_LOW_SURROGATE
                ? INVALID
                : value;
    }

    private static int lowHex(int partial, int b) {
        int digit = Character.digit(b, 16);
        if (digit < 0) {
            return INVALID;
        }
        int high = value(partial) >> DIGIT_BITS;
        int digits = (value(partial) & 0xFFF) << 4 | digit;
        if (count(partial) < 3) {
            return of(LOW_HEX, count(partial) + 1, high << DIGIT_BITS | digits);
        }
        return digits >= Character.MIN_LOW_SURROGATE && digits <= Character.MAX_LOW_SURROGATE
                ? 0x10000 + (high << 10) + (digits - Character.MIN_LOW_SURROGATE)
                : INVALID;
    }

    /// Whether a character that has begun so may become one of a set.
    static boolean mayBecome(int partial, CodePoints set) {
        int count = count(partial);
        int value = value(partial);
        return switch (kind(partial)) {
            case UTF8 -> utf8MayBecome(count, value, set);
            case ESCAPE -> !set.isEmpty();
            case HEX -> hexMayBecome(count, value, set);
            case LOW_ESCAPE, LOW_U -> lowMayBecome(value, 0, 0, set);
            default -> lowMayBecome(value >> DIGIT_BITS, count, value & 0xFFF, set);
        };
    }

    private static boolean utf8MayBecome(int missing, int value, CodePoints set) {
        int shift = 6 * missing;
        int first = value << shift;
        int last = first | ((1 << shift) - 1);
        if (value == 0) {
            // Shorter forms hold what lies below.
            first = missing == 2 ? 0x800 : 0x10000;
        }
        return set.overlaps(first, last);
    }

    private static boolean hexMayBecome(int count, int value, CodePoints set) {
        int shift = 4 * (4 - count);
        int first = value << shift;
        int last = first | ((1 << shift) - 1);
        int high = Math.max(first, Character.MIN_HIGH_SURROGATE);
        int highest = Math.min(last, Character.MAX_HIGH_SURROGATE);
        return set.overlaps(first, last)
                || (high <= highest
                        && set.overlaps(
                                Character.toCodePoint((char) high, Character.MIN_LOW_SURROGATE),
                                Character.toCodePoint(
                                        (char) highest, Character.MAX_LOW_SURROGATE)));
    }

    private static boolean lowMayBecome(int high, int count, int digits, CodePoints set) {
        int shift = 4 * (4 - count);
        int first = Math.max(digits << shift, Character.MIN_LOW_SURROGATE);
        int last = Math.min(digits << shift | ((1 << shift) - 1), Character.MAX_LOW_SURROGATE);
        char lead = (char) (Character.MIN_HIGH_SURROGATE + high);
        return first <= last
                && set.overlaps(
                        Character.toCodePoint(lead, (char) first),
                        Character.toCodePoint(lead, (char) last));
    }
}
