package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Python's format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`.
///
/// @param fill padding character
/// @param align one of `< > = ^`; 0 for the default of the type
/// @param sign one of `+ - ` and space
/// @param alternate `#`: prefixes of bases, a decimal point always
/// @param width least number of characters
/// @param group separator of thousands; empty for none
/// @param precision negative when not given
/// @param type letter of the presentation; 0 when not given
record FormatSpec(
        String fill,
        char align,
        char sign,
        boolean alternate,
        int width,
        String group,
        int precision,
        char type) {
    private static final Pattern FORM =
            Pattern.compile(
                    "(?:(.)?([<>=^]))?([+\\- ])?(z)?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([a-zA-Z%])?",
                    Pattern.DOTALL);
    private static final int MAX_PRECISION = 1000;

    /// @throws TemplateException if the text is no specification
    static FormatSpec parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw Errors.value("Invalid format specifier");
        }
        boolean zero = form.group(6) != null;
        String fill = form.group(1) != null ? form.group(1) : zero ? "0" : " ";
        char align = form.group(2) != null ? form.group(2).charAt(0) : zero ? '=' : 0;
        return new FormatSpec(
                fill,
                align,
                first(form.group(3), '-'),
                form.group(5) != null,
                number(form.group(7), 0),
                form.group(8) == null ? "" : form.group(8),
                number(form.group(9), -1),
                first(form.group(10), (char) 0));
    }

    private static char first(@Nullable String text, char otherwise) {
        return text == null ? otherwise : text.charAt(0);
    }

    private static int number(@Nullable String digits, int otherwise) {
        if (digits == null) {
            return otherwise;
        }
        if (digits.length() > 9) {
            throw Errors.value("Too many decimal digits in format string");
        }
        return Integer.parseInt(digits);
    }

    /// The value as the specification says.
    String format(Render render, Object value) {
        return switch (value) {
            case String text -> text(render, text);
            case Markup(String text) -> text(render, text);
            case Boolean b when type == 0 -> text(render, b ? "True" : "False");
            case Double number -> number(render, floating(number));
            default -> {
                if (Types.isInteger(value)) {
                    yield number(render, integer(value));
                }
                if (!isPlain()) {
                    throw Errors.type(
                            "unsupported format string passed to "
                                    + Types.name(value)
                                    + ".__format__");
                }
                yield Representation.str(render, value);
            }
        };
    }

    private boolean isPlain() {
        return width == 0 && precision < 0 && type == 0 && align == 0;
    }

    private String text(Render render, String text) {
        if (type != 0 && type != 's') {
            throw Errors.value("Unknown format code '" + type + "' for object of type 'str'");
        }
        if (align == '=' && !fill.equals("0")) {
            throw Errors.value("'=' alignment not allowed in string format specifier");
        }
        boolean cut = precision >= 0 && precision < Text.length(text);
        char place = align == 0 || align == '=' ? '<' : align;
        return TextPadding.pad(
                render, cut ? Text.substring(text, 0, precision) : text, width, fill, place);
    }

    private String number(Render render, String signed) {
        boolean negative = signed.startsWith("-");
        String digits = negative ? signed.substring(1) : signed;
        String prefix = negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "";
        if (alternate && "xXob".indexOf(type) >= 0) {
            prefix += "0" + type;
        }
        if (align == '=' || (align == 0 && fill.equals("0"))) {
            int left = width - prefix.length();
            digits = TextPadding.pad(render, digits, left, fill, TextPadding.RIGHT);
            return prefix + digits;
        }
        char place = align == 0 ? TextPadding.RIGHT : align;
        return TextPadding.pad(render, prefix + digits, width, fill, place);
    }

    private String integer(Object value) {
        BigInteger number = Numbers.big(value);
        return switch (type) {
            case 0, 'd', 'n' -> grouped(number.toString());
            case 'x' -> number.toString(16);
            case 'X' -> number.toString(16).toUpperCase(Locale.ROOT);
            case 'o' -> number.toString(8);
            case 'b' -> number.toString(2);
            case 'c' -> character(Numbers.clampedInt(value));
            case 'e', 'E', 'f', 'F', 'g', 'G', '%' -> floating(Numbers.toDouble(value));
            default -> throw unknown("int");
        };
    }

    private static String character(int code) {
        if (!Character.isValidCodePoint(code)) {
            throw Errors.overflow("%c arg not in range(0x110000)");
        }
        return Character.toString(code);
    }

    private TemplateException unknown(String typeName) {
        return Errors.value(
                "Unknown format code '" + type + "' for object of type '" + typeName + "'");
    }

    private String floating(double value) {
        if (precision > MAX_PRECISION) {
            throw Errors.limit("a precision of more than " + MAX_PRECISION + " digits");
        }
        double shownValue = type == '%' ? value * 100 : value;
        if (Double.isNaN(shownValue) || Double.isInfinite(shownValue)) {
            String name = Representation.floating(shownValue);
            String shown = type == '%' ? name + "%" : name;
            return Character.isUpperCase(type) ? shown.toUpperCase(Locale.ROOT) : shown;
        }
        return switch (type) {
            case 0 ->
                    grouped(
                            precision < 0
                                    ? Representation.floating(value)
                                    : general(value, precision, true));
            case 'f', 'F' -> grouped(fixed(value, precision < 0 ? 6 : precision));
            case 'e' -> exponent(value, precision < 0 ? 6 : precision);
            case 'E' -> exponent(value, precision < 0 ? 6 : precision).toUpperCase(Locale.ROOT);
            case 'g', 'n' -> grouped(general(value, precision < 0 ? 6 : precision, false));
            case 'G' ->
                    grouped(general(value, precision < 0 ? 6 : precision, false))
                            .toUpperCase(Locale.ROOT);
            case '%' -> grouped(fixed(shownValue, precision < 0 ? 6 : precision)) + "%";
            default -> throw unknown("float");
        };
    }

    private String fixed(double value, int digits) {
        String plain =
                new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        boolean minus = Math.copySign(1, value) < 0 && !plain.startsWith("-");
        return (minus ? "-" : "") + plain + (alternate && digits == 0 ? "." : "");
    }

    private String exponent(double value, int digits) {
        String sign = Math.copySign(1, value) < 0 ? "-" : "";
        if (value == 0) {
            return sign + (digits == 0 ? "0" : "0." + "0".repeat(digits)) + "e+00";
        }
        BigDecimal rounded =
                new BigDecimal(Math.abs(value))
                        .round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
        StringBuilder all = new StringBuilder(rounded.unscaledValue().toString());
        int power = all.length() - 1 - rounded.scale();
        all.repeat("0", Math.max(0, digits + 1 - all.length()));
        String mantissa = all.charAt(0) + (digits == 0 ? "" : "." + all.substring(1, digits + 1));
        String digitsOfPower = Integer.toString(Math.abs(power));
        return sign
                + mantissa
                + (power < 0 ? "e-" : "e+")
                + (digitsOfPower.length() < 2 ? "0" : "")
                + digitsOfPower;
    }

    /// @param asRepr with a decimal point always, as a float without a type is shown
    private String general(double value, int digits, boolean asRepr) {
        int significant = Math.max(1, digits);
        String scientific = exponent(value, significant - 1);
        int mark = scientific.lastIndexOf('e');
        int power = Integer.parseInt(scientific.substring(mark + 1));
        int highest = asRepr ? significant - 1 : significant;
        if (value == 0) {
            power = 0;
        }
        if (power < -4 || (power >= highest && value != 0)) {
            return trimmed(scientific.substring(0, mark)) + scientific.substring(mark);
        }
        String plain = trimmed(fixed(value, Math.max(0, significant - 1 - power)));
        return asRepr && plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }

    private String trimmed(String decimal) {
        if (alternate || decimal.indexOf('.') < 0) {
            return decimal;
        }
        int end = decimal.length();
        while (decimal.charAt(end - 1) == '0') {
            end--;
        }
        return decimal.substring(0, decimal.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private String grouped(String number) {
        if (group.isEmpty()) {
            return number;
        }
        int start = number.startsWith("-") ? 1 : 0;
        int end = start;
        while (end < number.length() && Character.isDigit(number.charAt(end))) {
            end++;
        }
        StringBuilder out = new StringBuilder(number);
        for (int i = end - 3; i > start; i -= 3) {
            out.insert(i, group);
        }
        return out.toString();
    }
}
