package dev.sluice.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;

/// Filters that make numbers or take them.
final class NumberFilters {
    private static final String[] DECIMAL = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    private static final String[] BINARY = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"};

    private NumberFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        Filters.define(filters, "abs", 0, (_, v, _) -> absolute(v));
        Filters.define(filters, "int", 0, (r, v, given) -> integer(r, v, given), "default", "base");
        Filters.define(filters, "float", 0, (r, v, given) -> floating(r, v, given), "default");
        Filters.define(filters, "round", 0, NumberFilters::round, "precision", "method");
        Filters.define(filters, "filesizeformat", 0, (_, v, given) -> fileSize(v, given), "binary");
    }

    private static Object absolute(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (value instanceof Double number) {
            return Math.abs(number);
        }
        if (!Types.isInteger(value)) {
            throw Errors.type("bad operand type for abs(): '" + Types.name(value) + "'");
        }
        return Numbers.normalised(Numbers.big(value).abs());
    }

    private static Object integer(Render render, Object value, Signature.Bound given) {
        Object otherwise = given.get(0, 0L);
        return switch (value) {
            case Undefined undefined -> throw undefined.failure();
            case Double number ->
                    Double.isNaN(number) || Double.isInfinite(number)
                            ? unlimited(number, otherwise)
                            : Numbers.truncated(number);
            case String _, Markup _ -> {
                String text = Types.text(value);
                render.steps(text.length() >> 4);
                Optional<Object> parsed = Numbers.parseInteger(text, given.integer(1, 10));
                yield parsed.orElseGet(() ->
                        Numbers.parseFloat(text)
                                .<Object>map(number ->
                                        Double.isNaN(number) || Double.isInfinite(number)
                                                ? otherwise
                                                : Numbers.truncated(number))
                                .orElse(otherwise));
            }
            default -> Types.isInteger(value) ? Numbers.normalised(Numbers.big(value)) : otherwise;
        };
    }

    /// Python lets the error of an infinite float through, but not that of one that is no number.
    private static Object unlimited(double number, Object otherwise) {
        if (Double.isInfinite(number)) {
            throw Errors.overflow("cannot convert float infinity to integer");
        }
        return otherwise;
    }

    private static Object floating(Render render, Object value, Signature.Bound given) {
        Object otherwise = given.get(0, 0.0);
        return switch (value) {
            case Undefined undefined -> throw undefined.failure();
            case String _, Markup _ -> {
                String text = Types.text(value);
                render.steps(text.length() >> 4);
                yield Numbers.parseFloat(text).<Object>map(n -> n).orElse(otherwise);
            }
            default -> Types.isNumber(value) ? (Object) Numbers.toDouble(value) : otherwise;
        };
    }

    private static Object round(Render render, Object value, Signature.Bound given) {
        int precision = given.integer(0, 0);
        String method = Representation.str(render, given.get(1, "common"));
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!method.equals("common") && !method.equals("ceil") && !method.equals("floor")) {
            throw Errors.filterArgument("method must be common, ceil or floor");
        }
        if (!Types.isNumber(value)) {
            throw Errors.type("type " + Types.name(value) + " doesn't define __round__ method");
        }
        if (Math.abs((long) precision) > 400) {
            throw Errors.limit("rounding to more than 400 digits");
        }
        if (!method.equals("common")) {
            double factor = Math.pow(10, precision);
            double scaled = Numbers.toDouble(value) * factor;
            return (method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / factor;
        }
        if (!(value instanceof Double number)) {
            BigInteger whole = Numbers.big(value);
            return Numbers.normalised(
                    precision >= 0
                            ? whole
                            : new BigDecimal(whole)
                                    .setScale(precision, RoundingMode.HALF_EVEN)
                                    .toBigIntegerExact());
        }
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return number;
        }
        double rounded =
                new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
        return Math.copySign(rounded, number);
    }

    private static double toFloat(Object value) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (Types.isText(value)) {
            return Numbers.parseFloat(Types.text(value))
                    .orElseThrow(() ->
                            Errors.value(
                                    "could not convert string to float: "
                                            + Representation.repr(value)));
        }
        if (!Types.isNumber(value)) {
            throw Errors.type(
                    "float() argument must be a string or a real number, not '"
                            + Types.name(value)
                            + "'");
        }
        return Numbers.toDouble(value);
    }

    private static String fileSize(Object value, Signature.Bound given) {
        boolean binary = given.truth(0, false);
        double bytes = toFloat(value);
        int base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return Numbers.truncated(bytes) + " Bytes";
        }
        String[] prefixes = binary ? BINARY : DECIMAL;
        double unit = base;
        int i = -1;
        do {
            i++;
            unit *= base;
        } while (i < prefixes.length - 1 && !(bytes < unit));
        double size = base * bytes / unit;
        String shown =
                Double.isNaN(size) || Double.isInfinite(size)
                        ? Representation.floating(size)
                        : new BigDecimal(size).setScale(1, RoundingMode.HALF_EVEN).toPlainString();
        return shown + " " + prefixes[i];
    }
}
