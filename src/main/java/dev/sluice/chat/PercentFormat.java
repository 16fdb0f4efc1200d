package dev.sluice.chat;

import java.util.List;

/// Python's `text % values`.
final class PercentFormat {
    private final Render render;
    private final Object values;
    private final List<Object> positional;
    private final boolean escaping;
    private int next;
    private boolean mapped;

    private PercentFormat(Render render, Object values, boolean escaping) {
        this.render = render;
        this.values = values;
        this.escaping = escaping;
        positional = values instanceof TupleValue tuple ? tuple.items() : List.of(values);
    }

    static Object format(Render render, Object format, Object values) {
        PercentFormat run = new PercentFormat(render, values, format instanceof Markup);
        String text = run.format(Types.text(format));
        return format instanceof Markup ? new Markup(text) : text;
    }

    private String format(String format) {
        render.produce(format.length());
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < format.length()) {
            char c = format.charAt(i++);
            if (c != '%') {
                out.append(c);
                continue;
            }
            Directive directive = new Directive();
            i = directive.read(format, i);
            String piece = directive.type == '%' ? "%" : directive.write();
            render.produce(piece.length());
            out.append(piece);
        }
        if (next < positional.size() && !mapped && !isSubscriptable()) {
            throw Errors.type("not all arguments converted during string formatting");
        }
        return out.toString();
    }

    /// What Python takes for a mapping, which needn't be used up.
    private boolean isSubscriptable() {
        return switch (values) {
            case DictValue _, ListValue _, RangeValue _, Undefined _ -> true;
            default -> false;
        };
    }

    private Object take() {
        if (next >= positional.size()) {
            throw Errors.type("not enough arguments for format string");
        }
        return positional.get(next++);
    }

    /// `repr` with characters beyond ASCII escaped.
    static String ascii(Render render, String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints()
                .forEach(c -> {
                    int before = out.length();
                    if (c < 0x80) {
                        out.append((char) c);
                    } else if (c < 0x100) {
                        Representation.hex(out.append("\\x"), c, 2);
                    } else if (c < 0x10000) {
                        Representation.hex(out.append("\\u"), c, 4);
                    } else {
                        Representation.hex(out.append("\\U"), c, 8);
                    }
                    render.produce(out.length() - before);
                });
        return out.toString();
    }

    /// One `%` with what follows it.
    private final class Directive {
        private String flags = "";
        private int width;
        private int precision = -1;
        private Object named = Missing.MISSING;
        private char type;

        int read(String format, int from) {
            int i = from;
            if (format.startsWith("(", i)) {
                int end = closing(format, i);
                if (!(values instanceof DictValue dict)) {
                    throw Errors.type("format requires a mapping");
                }
                String key = format.substring(i + 1, end);
                mapped = true;
                Object value = dict.get(key);
                if (value == null) {
                    throw new TemplateException("KeyError", Representation.repr(key));
                }
                named = value;
                i = end + 1;
            }
            int start = i;
            while (i < format.length() && "-+ #0".indexOf(format.charAt(i)) >= 0) {
                i++;
            }
            flags = format.substring(start, i);
            if (format.startsWith("*", i)) {
                width = starred();
                if (width < 0) {
                    flags += "-";
                    width = -width;
                }
                i++;
            } else {
                int end = digits(format, i);
                width = number(format.substring(i, end));
                i = end;
            }
            if (format.startsWith(".", i)) {
                i++;
                if (format.startsWith("*", i)) {
                    precision = Math.max(0, starred());
                    i++;
                } else {
                    int end = digits(format, i);
                    precision = number(format.substring(i, end));
                    i = end;
                }
            }
            while (i < format.length() && "hlL".indexOf(format.charAt(i)) >= 0) {
                i++;
            }
            if (i >= format.length()) {
                throw Errors.value("incomplete format");
            }
            type = format.charAt(i);
            return i + 1;
        }

        private static int closing(String format, int from) {
            int open = 0;
            for (int i = from; i < format.length(); i++) {
                open += format.charAt(i) == '(' ? 1 : format.charAt(i) == ')' ? -1 : 0;
                if (open == 0) {
                    return i;
                }
            }
            throw Errors.value("incomplete format key");
        }

        private int starred() {
            Object value = take();
            if (!Types.isInteger(value)) {
                throw Errors.type("* wants int");
            }
            return Numbers.clampedInt(value);
        }

        private static int digits(String format, int from) {
            int i = from;
            while (i < format.length() && format.charAt(i) >= '0' && format.charAt(i) <= '9') {
                i++;
            }
            return i;
        }

        private static int number(String digits) {
            if (digits.length() > 9) {
                throw Errors.value("width too big");
            }
            return digits.isEmpty() ? 0 : Integer.parseInt(digits);
        }

        private String write() {
            Object value = named == Missing.MISSING ? take() : named;
            return switch (type) {
                case 's' -> text(shown(value));
                case 'r' -> text(escaped(Representation.repr(render, value)));
                case 'a' -> text(escaped(ascii(render, Representation.repr(render, value))));
                case 'c' -> text(character(value));
                case 'd', 'i', 'u' -> integer(value, 'd');
                case 'x', 'X', 'o' -> integer(whole(value), type);
                case 'e', 'E', 'f', 'F', 'g', 'G' -> floating(value);
                default ->
                        throw Errors.value(
                                "unsupported format character '"
                                        + type
                                        + "' (0x"
                                        + Integer.toHexString(type)
                                        + ")");
            };
        }

        private String shown(Object value) {
            String text = Representation.str(render, value);
            return value instanceof Markup ? text : escaped(text);
        }

        private String escaped(String text) {
            return escaping ? Markup.escape(render, text) : text;
        }

        private String text(String text) {
            String cut =
                    precision >= 0 && precision < Text.length(text)
                            ? Text.substring(text, 0, precision)
                            : text;
            char place = flags.contains("-") ? TextPadding.LEFT : TextPadding.RIGHT;
            return TextPadding.pad(render, cut, width, " ", place);
        }

        private String character(Object value) {
            if (Types.isText(value) && Text.length(Types.text(value)) == 1) {
                return Types.text(value);
            }
            if (Types.isInteger(value) && Character.isValidCodePoint(Numbers.clampedInt(value))) {
                return Character.toString(Numbers.clampedInt(value));
            }
            throw Errors.type("%c requires int or char");
        }

        private Object whole(Object value) {
            if (!Types.isInteger(value)) {
                throw Errors.type(
                        "%" + type + " format: an integer is required, not " + Types.name(value));
            }
            return value;
        }

        private String integer(Object value, char base) {
            if (value instanceof Undefined undefined) {
                throw undefined.failure();
            }
            if (!Types.isNumber(value)) {
                throw Errors.type(
                        "%"
                                + type
                                + " format: a real number is required, not "
                                + Types.name(value));
            }
            Object number = value instanceof Double d ? Numbers.truncated(d) : value;
            FormatSpec plain = new FormatSpec(" ", (char) 0, '-', false, 0, "", -1, base);
            String digits = plain.format(render, Numbers.integer(number));
            boolean negative = digits.startsWith("-");
            String unsigned = negative ? digits.substring(1) : digits;
            if (precision > unsigned.length()) {
                unsigned =
                        Arithmetic.repeated(render, "0", precision - unsigned.length()) + unsigned;
            }
            String prefix = flags.contains("#") && base != 'd' ? "0" + base : "";
            return signed(negative, prefix, unsigned, flags.contains("0"));
        }

        private String floating(Object value) {
            if (value instanceof Undefined undefined) {
                throw undefined.failure();
            }
            if (!Types.isNumber(value)) {
                throw Errors.type("must be real number, not " + Types.name(value));
            }
            FormatSpec plain =
                    new FormatSpec(" ", (char) 0, '-', flags.contains("#"), 0, "", precision, type);
            String digits = plain.format(render, Numbers.toDouble(value));
            boolean negative = digits.startsWith("-");
            return signed(
                    negative, "", negative ? digits.substring(1) : digits, flags.contains("0"));
        }

        private String signed(boolean negative, String prefix, String digits, boolean zeros) {
            String sign =
                    negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
            if (flags.contains("-")) {
                return TextPadding.pad(
                        render, sign + prefix + digits, width, " ", TextPadding.LEFT);
            }
            if (zeros) {
                int left = width - sign.length() - prefix.length();
                return sign
                        + prefix
                        + TextPadding.pad(render, digits, left, "0", TextPadding.RIGHT);
            }
            return TextPadding.pad(render, sign + prefix + digits, width, " ", TextPadding.RIGHT);
        }
    }
}
