package dev.sluice.grammar;

import java.util.OptionalInt;

/// A counted repetition, which is never unrolled.
///
/// @param rule the rule that this is
/// @param body the rule that is repeated, or empty if single characters are
/// @param set the characters, if there is no body
/// @param json as in [CharEdge]
/// @param min least number, at least 1: a repetition that may be empty is bypassed by its callers
/// @param max greatest number, or [#UNBOUNDED]
record Repeat(int rule, OptionalInt body, CodePoints set, boolean json, int min, int max) {
    static final int UNBOUNDED = Integer.MAX_VALUE;

    /// The count behind another repetition; beyond the least number of an unbounded one it does not
    /// matter.
    int next(int count) {
        return max == UNBOUNDED ? Math.min(count + 1, min) : count + 1;
    }

    boolean mayGoOn(int count) {
        return max == UNBOUNDED || count < max;
    }

    boolean mayEnd(int count) {
        return count >= min;
    }

    /// A count that allows the same next `length` repetitions.
    int clamped(int count, int length) {
        boolean farFromMax = max == UNBOUNDED || max - count > length;
        if (!farFromMax) {
            return count;
        }
        if (count >= min) {
            return min;
        }
        return min - count > length ? min - length - 1 : count;
    }
}
