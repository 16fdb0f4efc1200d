package dev.sluice.chat;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A number in a template's source.
///
/// @param value Long, BigInteger or Double
/// @param end position after its last digit
record NumberLiteral(Object value, int end) {
    private static final Pattern FLOAT =
            Pattern.compile(
                    "(?<!\\.)(?:\\d+_)*\\d+"
                            + "(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
    private static final Pattern INTEGER =
            Pattern.compile(
                    "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+"
                            + "|[1-9](?:_?\\d)*|0(?:_?0)*");

    /// The literal at a position that holds a digit.
    static NumberLiteral at(String source, int position) {
        Matcher matcher = FLOAT.matcher(source).region(position, source.length());
        matcher.useTransparentBounds(true);
        if (matcher.lookingAt()) {
            String digits = matcher.group().replace("_", "");
            return new NumberLiteral(Double.valueOf(digits), matcher.end());
        }
        Matcher integer = INTEGER.matcher(source).region(position, source.length());
        if (!integer.lookingAt()) {
            throw new IllegalArgumentException("no digit at " + position);
        }
        return new NumberLiteral(integer(integer.group().replace("_", "")), integer.end());
    }

    private static Object integer(String digits) {
        int radix =
                digits.length() < 2
                        ? 10
                        : switch (digits.charAt(1)) {
                            case 'b', 'B' -> 2;
                            case 'o', 'O' -> 8;
                            case 'x', 'X' -> 16;
                            default -> 10;
                        };
        if (digits.length() > Numbers.MAX_DIGITS) {
            throw Errors.value("Exceeds the limit (4300 digits) for integer string conversion");
        }
        String plain = radix == 10 ? digits : digits.substring(2);
        return Numbers.normalised(new BigInteger(plain, radix));
    }
}
