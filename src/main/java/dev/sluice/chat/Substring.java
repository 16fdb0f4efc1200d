package dev.sluice.chat;

import java.util.SplittableRandom;

/// Finds strings in strings in time that grows with the text only: Java's own search compares all
/// over again at every place, which templates can make last minutes.
///
/// @see "Karp and Rabin 1987, Efficient randomized pattern-matching algorithms"
final class Substring {
    /// Up to this length, comparing again costs less than hashing.
    private static final int SHORT = 32;

    private static final long PRIME = (1L << 61) - 1;

    // Unknown to who writes templates, so that hashes don't collide by design.
    private static final long BASE = new SplittableRandom().nextLong(1L << 32, PRIME);

    private Substring() {}

    /// Like [String#indexOf(String, int)].
    static int indexOf(String text, String wanted, int from) {
        int size = wanted.length();
        if (size <= SHORT) {
            return text.indexOf(wanted, from);
        }
        int last = text.length() - size;
        if (from > last) {
            return -1;
        }
        long target = 0;
        long window = 0;
        for (int i = 0; i < size; i++) {
            target = append(target, wanted.charAt(i));
            window = append(window, text.charAt(from + i));
        }
        long weight = power(size - 1);
        for (int at = from; ; at++) {
            if (window == target && text.startsWith(wanted, at)) {
                return at;
            }
            if (at == last) {
                return -1;
            }
            long rest = minus(window, times(weight, text.charAt(at)));
            window = append(rest, text.charAt(at + size));
        }
    }

    /// Like [String#lastIndexOf(String, int)].
    static int lastIndexOf(String text, String wanted, int from) {
        int size = wanted.length();
        if (size <= SHORT) {
            return text.lastIndexOf(wanted, from);
        }
        int start = Math.min(from, text.length() - size);
        if (start < 0) {
            return -1;
        }
        long target = 0;
        long window = 0;
        for (int i = size - 1; i >= 0; i--) {
            target = append(target, wanted.charAt(i));
            window = append(window, text.charAt(start + i));
        }
        long weight = power(size - 1);
        for (int at = start; ; at--) {
            if (window == target && text.startsWith(wanted, at)) {
                return at;
            }
            if (at == 0) {
                return -1;
            }
            long rest = minus(window, times(weight, text.charAt(at + size - 1)));
            window = append(rest, text.charAt(at - 1));
        }
    }

    private static long append(long hash, char next) {
        long sum = times(hash, BASE) + next;
        return sum >= PRIME ? sum - PRIME : sum;
    }

    private static long minus(long a, long b) {
        return a >= b ? a - b : a - b + PRIME;
    }

    private static long power(int exponent) {
        long result = 1;
        long square = BASE;
        for (int rest = exponent; rest > 0; rest >>= 1) {
            result = (rest & 1) == 0 ? result : times(result, square);
            square = times(square, square);
        }
        return result;
    }

    private static long times(long a, long b) {
        long low = a * b;
        long sum = (low & PRIME) + (Math.multiplyHigh(a, b) << 3 | low >>> 61);
        return sum >= PRIME ? sum - PRIME : sum;
    }
}
