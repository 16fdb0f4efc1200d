package dev.sluice.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Follows the digits of a number to tell, at any place, whether the number so far belongs to one
/// kind of [NumberSet]. States are small integers. Without side effects, apart from the trie that
/// [Members] builds once.
sealed interface NumberTracker {
    /// What is known of a number.
    enum Verdict {
        /// It belongs.
        YES,
        /// It does not.
        NO,
        /// It depends on the exponent.
        UNKNOWN;

        static Verdict of(boolean yes) {
            return yes ? YES : NO;
        }

        Verdict not() {
            return this == UNKNOWN ? UNKNOWN : of(this == NO);
        }

        Verdict and(Verdict other) {
            return this == NO || other == YES
                    ? this
                    : this == YES ? other : other == NO ? NO : this;
        }

        Verdict or(Verdict other) {
            return not().and(other.not()).not();
        }
    }

    /// The state before the first digit.
    int start(boolean negative);

    /// The state behind a digit.
    int digit(int state, int digit, boolean fraction);

    /// The state behind the decimal point.
    int point(int state);

    /// Compares the number with a bound: by the number of digits before the point, then digit by
    /// digit.
    ///
    /// A state holds the place among the bound's digits, before or behind its point, the order of
    /// the digits read so far, and the sign.
    record Comparison(BigDecimal bound, String whole, String fraction) implements NumberTracker {
        private static final int LESS = 0;
        private static final int EQUAL = 1;
        private static final int GREATER = 2;

        static Comparison with(BigDecimal bound) {
            String plain = bound.abs().toPlainString();
            int point = plain.indexOf('.');
            return point < 0
                    ? new Comparison(bound, plain, "")
                    : new Comparison(bound, plain.substring(0, point), plain.substring(point + 1));
        }

        private static int state(int position, int order, int negative) {
            return position << 3 | order << 1 | negative;
        }

        @Override
        public int start(boolean negative) {
            return state(0, EQUAL, negative ? 1 : 0);
        }

        @Override
        public int digit(int state, int digit, boolean inFraction) {
            int position = state >> 3;
            int order = state >> 1 & 3;
            if (order != EQUAL) {
                int next = inFraction ? 0 : Math.min(position + 1, whole.length() + 1);
                return state(next, order, state & 1);
            }
            String digits = inFraction ? fraction : whole;
            int other = position < digits.length() ? digits.charAt(position) - '0' : 0;
            if (!inFraction && position == whole.length()) {
                return state(position + 1, GREATER, state & 1);
            }
            int next = Math.min(position + 1, digits.length() + (inFraction ? 0 : 1));
            return state(next, digit < other ? LESS : digit > other ? GREATER : EQUAL, state & 1);
        }

        @Override
        public int point(int state) {
            return state(0, wholeOrder(state), state & 1);
        }

        /// The order by the digits before the point, once all have been read.
        private int wholeOrder(int state) {
            int position = state >> 3;
            return position < whole.length()
                    ? LESS
                    : position > whole.length() ? GREATER : state >> 1 & 3;
        }

        /// The order of the absolute values of a number that ends here.
        private int order(int state, boolean inFraction) {
            int order = inFraction ? state >> 1 & 3 : wholeOrder(state);
            boolean rest = !fraction.isEmpty() && (!inFraction || state >> 3 < fraction.length());
            // The digits of a canonical bound do not end with zeros.
            return order == EQUAL && rest ? LESS : order;
        }

        /// Whether the number is the bound or greater.
        Verdict isFrom(int state, boolean inFraction, boolean inclusive) {
            int order = signedOrder(state, inFraction);
            return Verdict.of(inclusive ? order != LESS : order == GREATER);
        }

        private int signedOrder(int state, boolean inFraction) {
            int order = order(state, inFraction);
            boolean negative = (state & 1) == 1;
            if (bound.signum() == 0) {
                return negative ? GREATER - order : order;
            }
            if (negative != bound.signum() < 0) {
                return negative ? LESS : GREATER;
            }
            return negative ? GREATER - order : order;
        }

        /// The same for a number other than zero that an exponent makes larger or smaller.
        Verdict isFromScaled(int state, boolean inFraction, boolean up) {
            boolean negative = (state & 1) == 1;
            boolean sameSide = bound.signum() != 0 && negative == bound.signum() < 0;
            int order = order(state, inFraction);
            if (sameSide && order != (up ? GREATER : LESS)) {
                return Verdict.UNKNOWN;
            }
            return Verdict.of(signedOrder(state, inFraction) == GREATER);
        }
    }

    /// Keeps the remainder of `number * 10^digits / numerator`.
    ///
    /// A state holds the remainder and the number of digits behind the point; -1 once a digit
    /// behind them is not zero.
    record Remainder(int numerator, int digits) implements NumberTracker {
        @Override
        public int start(boolean negative) {
            return 0;
        }

        @Override
        public int digit(int state, int digit, boolean fraction) {
            if (state < 0) {
                return state;
            }
            int behind = state / numerator;
            if (behind == digits && fraction) {
                return digit == 0 ? state : -1;
            }
            int remainder = (int) ((10L * (state % numerator) + digit) % numerator);
            return (fraction ? behind + 1 : 0) * numerator + remainder;
        }

        @Override
        public int point(int state) {
            return state;
        }

        Verdict isMultiple(int state) {
            if (state < 0) {
                return Verdict.NO;
            }
            BigInteger scaled =
                    BigInteger.valueOf(state % numerator)
                            .multiply(BigInteger.TEN.pow(digits - state / numerator));
            return Verdict.of(scaled.mod(BigInteger.valueOf(numerator)).signum() == 0);
        }
    }

    /// Looks the number up in a list.
    ///
    /// A state is a node of a trie of the numbers as they are written out, and whether the digits
    /// since the end of a listed one are zeros.
    final class Members implements NumberTracker {
        private static final int DEAD = 0;
        private final List<Map<Integer, Integer>> children = new ArrayList<>();
        private final List<Boolean> listed = new ArrayList<>();
        private final int[] roots = new int[2];

        Members(Iterable<BigDecimal> values) {
            node();
            roots[0] = node();
            roots[1] = node();
            for (BigDecimal value : values) {
                if (value.signum() <= 0) {
                    add(roots[1], value.abs().toPlainString());
                }
                if (value.signum() >= 0) {
                    add(roots[0], value.toPlainString());
                }
            }
        }

        private int node() {
            children.add(new HashMap<>(4));
            listed.add(false);
            return children.size() - 1;
        }

        private void add(int root, String text) {
            int at = root;
            for (int i = 0; i < text.length(); i++) {
                at = children.get(at).computeIfAbsent((int) text.charAt(i), _ -> node());
            }
            listed.set(at, true);
        }

        @Override
        public int start(boolean negative) {
            return 2 * roots[negative ? 1 : 0];
        }

        private int next(int state, int c, boolean keeps) {
            int node = children.get(state >> 1).getOrDefault(c, DEAD);
            return 2 * node + (keeps && contains(state) == Verdict.YES ? 1 : 0);
        }

        @Override
        public int digit(int state, int digit, boolean fraction) {
            return next(state, '0' + digit, fraction && digit == 0);
        }

        @Override
        public int point(int state) {
            return next(state, '.', true);
        }

        Verdict contains(int state) {
            return Verdict.of((state & 1) == 1 || listed.get(state >> 1));
        }
    }

    /// Whether a digit behind the point is not zero.
    record Fraction() implements NumberTracker {
        @Override
        public int start(boolean negative) {
            return 0;
        }

        @Override
        public int digit(int state, int digit, boolean fraction) {
            return state == 1 || (fraction && digit != 0) ? 1 : 0;
        }

        @Override
        public int point(int state) {
            return state;
        }
    }

    /// What could be left out: zeros at the end of a fraction, a point without one, the sign of 0.
    record Superfluous() implements NumberTracker {
        private static final int NEGATIVE = 1;
        private static final int OPEN = 2;

        @Override
        public int start(boolean negative) {
            return negative ? NEGATIVE : 0;
        }

        @Override
        public int digit(int state, int digit, boolean fraction) {
            return fraction && digit == 0 ? state | OPEN : state & NEGATIVE;
        }

        @Override
        public int point(int state) {
            return state | OPEN;
        }

        /// @param zero whether all digits are 0
        static boolean has(int state, boolean zero) {
            return (state & OPEN) != 0 || (zero && (state & NEGATIVE) != 0);
        }
    }
}
