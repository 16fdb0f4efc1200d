package dev.sluice.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;

/// Python's `str` and `repr`.
final class Representation {
    private static final String HEX = "0123456789abcdef";
    private static final int MAX_IN_MESSAGE = 1000;

    private final Render render;
    private final StringBuilder out = new StringBuilder();

    private Representation(Render render) {
        this.render = render;
    }

    /// What printing a value gives.
    static String str(Render render, Object value) {
        return switch (value) {
            case String text -> text;
            case Markup(String text) -> text;
            case Long number -> Long.toString(number);
            case None _ -> "None";
            case Boolean b -> b ? "True" : "False";
            case Undefined _ -> "";
            default -> repr(render, value);
        };
    }

    static String repr(Render render, Object value) {
        Representation writer = new Representation(render);
        writer.write(value);
        return writer.out.toString();
    }

    /// For messages: containers by their type only, and no more than the beginning of long texts.
    static String repr(Object value) {
        return Types.isText(value) ? quotedBeginning(Types.text(value)) : scalar(value);
    }

    private static String quotedBeginning(String text) {
        StringBuilder out = new StringBuilder();
        boolean whole = text.length() <= MAX_IN_MESSAGE;
        quote(_ -> {}, out, whole ? text : text.substring(0, MAX_IN_MESSAGE) + "...");
        return out.toString();
    }

    private void write(Object value) {
        render.step();
        switch (value) {
            case String text -> quote(render::produce, out, text);
            case Markup(String text) -> {
                append("Markup(");
                quote(render::produce, out, text);
                append(")");
            }
            case ListValue(List<Object> items) -> list("[", items, "]");
            case TupleValue tuple ->
                    list("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
            case DictValue dict -> dict(dict);
            case DictView view -> {
                append(view.typeName());
                list("([", view.items(), "])");
            }
            case NamespaceValue namespace -> namespace(namespace);
            default -> append(scalar(value));
        }
    }

    private void append(String piece) {
        render.produce(piece.length());
        out.append(piece);
    }

    private void list(String open, List<Object> items, String close) {
        render.enterCall();
        append(open);
        String separator = "";
        for (Object item : items) {
            append(separator);
            write(item);
            separator = ", ";
        }
        append(close);
        render.leaveCall();
    }

    private void dict(DictValue dict) {
        render.enterCall();
        append("{");
        String separator = "";
        Iterator<Object> values = dict.values().iterator();
        for (Object key : dict.keys()) {
            append(separator);
            write(key);
            append(": ");
            write(values.next());
            separator = ", ";
        }
        append("}");
        render.leaveCall();
    }

    private void namespace(NamespaceValue namespace) {
        render.enterCall();
        append("<Namespace ");
        DictValue attributes = new DictValue(namespace.attributes().size());
        namespace.attributes().forEach(attributes::put);
        dict(attributes);
        append(">");
        render.leaveCall();
    }

    private static String scalar(Object value) {
        return switch (value) {
            case None _ -> "None";
            case Boolean b -> b ? "True" : "False";
            case Long number -> Long.toString(number);
            case BigInteger number -> integer(number);
            case Double number -> floating(number);
            case Undefined _ -> "Undefined";
            case RangeValue(long start, long stop, long step) ->
                    "range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")");
            case MacroValue macro ->
                    macro.macro().name().isPresent()
                            ? "<Macro " + macro.name() + ">"
                            : "<Macro anonymous>";
            case LoopValue loop -> loop.representation();
            case BuiltinFunction function -> "<function " + function.name() + ">";
            default -> "<" + Types.name(value) + " object>";
        };
    }

    private static String integer(BigInteger number) {
        // Making the digits of a number takes time that grows with their square.
        boolean tooLong = number.bitLength() > Numbers.MAX_DIGITS * 4;
        String digits = tooLong ? "" : number.toString();
        if (tooLong || digits.length() > Numbers.MAX_DIGITS + (number.signum() < 0 ? 1 : 0)) {
            throw Errors.value(
                    "Exceeds the limit (4300 digits) for integer string conversion; use"
                            + " sys.set_int_max_str_digits() to increase the limit");
        }
        return digits;
    }

    /// The shortest decimal that reads back as the same float, with an exponent for very large and
    /// very small ones.
    static String floating(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        String digits = decimal.unscaledValue().abs().toString();
        int exponent = digits.length() - decimal.scale() - 1;
        String sign = number < 0 ? "-" : "";
        if (exponent < -4 || exponent >= 16) {
            String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
            String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
            return sign + digits.charAt(0) + fraction + "e" + (exponent < 0 ? "-" : "+") + power;
        }
        String plain = decimal.abs().toPlainString();
        return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
    }

    /// @param produced told of chars as they are made, since escapes are longer than what they
    ///   stand for
    private static void quote(IntConsumer produced, StringBuilder out, String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        produced.accept(2);
        out.append(quote);
        for (int i = 0; i < text.length(); ) {
            int before = out.length();
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == quote || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\r') {
                out.append("\\r");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (Text.isPrintable(c)) {
                out.appendCodePoint(c);
            } else if (c < 0x100) {
                hex(out.append("\\x"), c, 2);
            } else if (c < 0x10000) {
                hex(out.append("\\u"), c, 4);
            } else {
                hex(out.append("\\U"), c, 8);
            }
            produced.accept(out.length() - before);
        }
        out.append(quote);
    }

    /// Appends the lowest digits of a number in base 16.
    static void hex(StringBuilder out, int value, int digits) {
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            out.append(HEX.charAt(value >> shift & 15));
        }
    }
}
