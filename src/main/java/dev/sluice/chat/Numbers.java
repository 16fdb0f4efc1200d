package dev.sluice.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;

/// Python's int (Long, BigInteger past its range, and Boolean) and float (Double).
final class Numbers {
    /// Digits of the longest int that Python converts from or to text.
    static final int MAX_DIGITS = 4300;

    private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);

    private Numbers() {}

    /// A Long where it fits.
    static Object normalised(BigInteger value) {
        return value.compareTo(MIN) >= 0 && value.compareTo(MAX) <= 0
                ? (Object) value.longValue()
                : value;
    }

    /// @param value an int
    static BigInteger big(Object value) {
        return switch (value) {
            case BigInteger big -> big;
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            case Long number -> BigInteger.valueOf(number);
            default -> throw new IllegalArgumentException("no int: " + value);
        };
    }

    /// @param value an int or float
    /// @throws TemplateException if an int is too large
    static double toDouble(Object value) {
        return switch (value) {
            case Double d -> d;
            case Long number -> number;
            case Boolean b -> b ? 1 : 0;
            default -> {
                double result = big(value).doubleValue();
                if (Double.isInfinite(result)) {
                    throw Errors.overflow("int too large to convert to float");
                }
                yield result;
            }
        };
    }

    /// An int argument.
    ///
    /// @throws TemplateException if the value is not an int
    static Object integer(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!Types.isInteger(value)) {
            throw Errors.type(
                    "'" + Types.name(value) + "' object cannot be interpreted as an integer");
        }
        return normalised(big(value));
    }

    /// An int argument, cut to the range of a Java int.
    static int clampedInt(Object value) {
        if (value instanceof Long number) {
            return Math.clamp(number, -Integer.MAX_VALUE, Integer.MAX_VALUE);
        }
        Object number = integer(value);
        return number instanceof Long small
                ? Math.clamp(small, -Integer.MAX_VALUE, Integer.MAX_VALUE)
                : big(number).signum() * Integer.MAX_VALUE;
    }

    /// A float cut off after the decimal point, as an int.
    static Object truncated(double value) {
        if (Double.isNaN(value)) {
            throw Errors.value("cannot convert float NaN to integer");
        }
        if (Double.isInfinite(value)) {
            throw Errors.overflow("cannot convert float infinity to integer");
        }
        return Math.abs(value) < 9e18
                ? (Object) (long) value
                : normalised(new BigDecimal(value).toBigInteger());
    }

    /// The int that a text spells; empty if it spells none.
    ///
    /// @param base 0 for a prefix that says it, or 2 to 36
    static Optional<Object> parseInteger(String text, int base) {
        String digits = Text.strip(text, true, true);
        boolean negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        int radix = base;
        String prefix =
                digits.length() > 1 && digits.charAt(0) == '0'
                        ? digits.substring(1, 2).toLowerCase(java.util.Locale.ROOT)
                        : "";
        int prefixRadix =
                switch (prefix) {
                    case "x" -> 16;
                    case "o" -> 8;
                    case "b" -> 2;
                    default -> 0;
                };
        if (prefixRadix != 0 && (base == 0 || base == prefixRadix)) {
            radix = prefixRadix;
            digits = digits.substring(2);
            digits = digits.startsWith("_") ? digits.substring(1) : digits;
        } else if (base == 0) {
            radix = 10;
            if (digits.length() > 1
                    && digits.charAt(0) == '0'
                    && !digits.replace("_", "").matches("0+")) {
                return Optional.empty();
            }
        }
        return plainInteger(digits, radix)
                .map(value -> negative ? normalised(big(value).negate()) : value);
    }

    private static Optional<Object> plainInteger(String digits, int radix) {
        StringBuilder plain = new StringBuilder(digits.length());
        boolean separated = true;
        for (int i = 0; i < digits.length(); i++) {
            char c = digits.charAt(i);
            if (c == '_') {
                if (separated) {
                    return Optional.empty();
                }
                separated = true;
                continue;
            }
            int digit = Character.digit(c, radix);
            if (digit < 0) {
                return Optional.empty();
            }
            separated = false;
            plain.append(Character.forDigit(digit, radix));
        }
        if (separated || plain.length() > MAX_DIGITS) {
            return Optional.empty();
        }
        return Optional.of(normalised(new BigInteger(plain.toString(), radix)));
    }

    /// The float that a text spells; empty if it spells none.
    static Optional<Double> parseFloat(String text) {
        String plain = Text.strip(text, true, true).toLowerCase(java.util.Locale.ROOT);
        String unsigned =
                plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
        double sign = plain.startsWith("-") ? -1 : 1;
        return switch (unsigned) {
            case "inf", "infinity" -> Optional.of(sign * Double.POSITIVE_INFINITY);
            case "nan" -> Optional.of(Double.NaN);
            default ->
                    unsigned.matches(
                                    // Possessive, so that long texts don't need a deep stack.
                                    "(?:\\d++(?:_\\d++)*+\\.?(?:\\d++(?:_\\d++)*+)?"
                                            + "|\\.\\d++(?:_\\d++)*+)"
                                            + "(?:e[+-]?\\d++(?:_\\d++)*+)?")
                            ? Optional.of(sign * Double.parseDouble(unsigned.replace("_", "")))
                            : Optional.empty();
        };
    }
}
