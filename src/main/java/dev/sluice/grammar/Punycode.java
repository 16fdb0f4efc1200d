package dev.sluice.grammar;

import java.util.Arrays;
import java.util.Optional;

/// Punycode, which spells texts in letters, digits and hyphens.
///
/// @see "RFC 3492, section 6"
final class Punycode {
    static final char DELIMITER = '-';
    static final int BASE = 36;
    private static final int MIN_THRESHOLD = 1;
    static final int MAX_THRESHOLD = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;
    private static final int INITIAL_BIAS = 72;
    private static final int FIRST = 0x80;

    private Punycode() {}

    /// The code points that a text spells; empty if it spells none, or is not the one way to spell
    /// them.
    ///
    /// @param text lower-case letters, digits and hyphens
    static Optional<int[]> decode(String text) {
        int delimiter = text.lastIndexOf(DELIMITER);
        if (delimiter == 0 || delimiter == text.length() - 1) {
            return Optional.empty();
        }
        Decoder decoder = new Decoder(text.substring(0, Math.max(0, delimiter)));
        for (int i = delimiter + 1; i < text.length(); i++) {
            if (!decoder.read(text.charAt(i))) {
                return Optional.empty();
            }
        }
        return decoder.isBetween() ? Optional.of(decoder.codePoints()) : Optional.empty();
    }

    /// Spells a text that has a character beyond ASCII.
    static String encode(int[] codePoints) {
        StringBuilder result = new StringBuilder();
        for (int c : codePoints) {
            if (c < FIRST) {
                result.append((char) c);
            }
        }
        int basic = result.length();
        int done = basic;
        if (basic > 0) {
            result.append(DELIMITER);
        }
        int next = FIRST;
        int delta = 0;
        int bias = INITIAL_BIAS;
        while (done < codePoints.length) {
            int at = next;
            int least = Arrays.stream(codePoints).filter(c -> c >= at).min().orElseThrow();
            delta += (least - next) * (done + 1);
            for (int c : codePoints) {
                if (c < least) {
                    delta++;
                } else if (c == least) {
                    append(result, delta, bias);
                    bias = adapted(delta, done + 1, done == basic);
                    delta = 0;
                    done++;
                }
            }
            delta++;
            next = least + 1;
        }
        return result.toString();
    }

    private static void append(StringBuilder result, int delta, int bias) {
        int rest = delta;
        for (int k = BASE; ; k += BASE) {
            int threshold = threshold(k, bias);
            if (rest < threshold) {
                result.append(digit(rest));
                return;
            }
            result.append(digit(threshold + (rest - threshold) % (BASE - threshold)));
            rest = (rest - threshold) / (BASE - threshold);
        }
    }

    /// @param value 0 to 35
    static char digit(int value) {
        return (char) (value < 26 ? 'a' + value : '0' + value - 26);
    }

    /// @return 36 and more for what is no digit
    private static int value(char digit) {
        if (digit >= 'a' && digit <= 'z') {
            return digit - 'a';
        }
        return digit >= '0' && digit <= '9' ? digit - '0' + 26 : BASE;
    }

    private static int threshold(int k, int bias) {
        return Math.clamp(k - bias, MIN_THRESHOLD, MAX_THRESHOLD);
    }

    private static int adapted(int delta, int count, boolean isFirst) {
        int rest = isFirst ? delta / DAMP : delta / 2;
        rest += rest / count;
        int k = 0;
        while (rest > (BASE - MIN_THRESHOLD) * MAX_THRESHOLD / 2) {
            rest /= BASE - MIN_THRESHOLD;
            k += BASE;
        }
        return k + (BASE - MIN_THRESHOLD + 1) * rest / (rest + SKEW);
    }

    /// Reads what stands behind the last hyphen, digit by digit.
    static final class Decoder {
        /// Shared with copies, and replaced when one is added.
        private int[] codePoints;

        private final int basic;
        private int next = FIRST;
        private int bias = INITIAL_BIAS;

        /// Of the number that is being read.
        private long number;

        private long weight = 1;
        private int k = BASE;
        private int at;

        /// @param basic what stands before the last hyphen
        Decoder(String basic) {
            this.codePoints = basic.chars().toArray();
            this.basic = basic.length();
        }

        /// A copy that goes its own way.
        Decoder(Decoder other) {
            this.codePoints = other.codePoints;
            this.basic = other.basic;
            this.next = other.next;
            this.bias = other.bias;
            this.number = other.number;
            this.weight = other.weight;
            this.k = other.k;
            this.at = other.at;
        }

        /// Takes a digit.
        ///
        /// @return whether that may come: code points end at U+10FFFF
        boolean read(char digit) {
            int value = value(digit);
            if (value == BASE) {
                return false;
            }
            number += value * weight;
            if (least() > Character.MAX_CODE_POINT) {
                return false;
            }
            int threshold = threshold(k, bias);
            if (value >= threshold) {
                weight *= BASE - threshold;
                k += BASE;
                return true;
            }
            insert();
            return true;
        }

        private void insert() {
            int count = codePoints.length + 1;
            long place = at + number;
            bias = adapted((int) number, count, count == basic + 1);
            next += (int) (place / count);
            at = (int) (place % count);
            int[] longer = Arrays.copyOf(codePoints, count);
            System.arraycopy(codePoints, at, longer, at + 1, count - 1 - at);
            longer[at++] = next;
            codePoints = longer;
            number = 0;
            weight = 1;
            k = BASE;
        }

        /// Whether no number has begun.
        boolean isBetween() {
            return k == BASE;
        }

        /// The code point that was read last, or 0.
        int last() {
            return codePoints.length == basic ? 0 : next;
        }

        /// The least code point that may come next.
        long least() {
            return next + (at + number) / (codePoints.length + 1);
        }

        /// How many digits end a number: that many of the least.
        int ends() {
            return threshold(k, bias);
        }

        /// Where the next code point stands if the number ends with the digit 0.
        int place() {
            return (int) ((at + number) % (codePoints.length + 1));
        }

        /// How much a digit adds to the number.
        long weight() {
            return weight;
        }

        /// Whether so many more digits can put a code point in a place.
        ///
        /// @param c [#least] or greater
        boolean canInsert(int c, int place, int digits) {
            long rest = (long) (c - next) * (codePoints.length + 1) + place - at - number;
            if (rest < 0 || rest % weight != 0) {
                return false;
            }
            long value = rest / weight;
            for (int i = 0; i < digits - 1; i++) {
                int threshold = threshold(k + i * BASE, bias);
                if (value < threshold) {
                    return false;
                }
                value = (value - threshold) / (BASE - threshold);
            }
            return value < threshold(k + (digits - 1) * BASE, bias);
        }

        /// The greatest code point that may be spelled next by some digits, or a greater one.
        long greatest(int digits) {
            long greatest = number;
            long more = weight;
            for (int i = 0; i < digits; i++) {
                greatest += (BASE - 1) * more;
                more *= BASE - threshold(k + i * BASE, bias);
            }
            return next + (at + greatest) / (codePoints.length + 1);
        }

        /// Not to be changed.
        int[] codePoints() {
            return codePoints;
        }
    }
}
