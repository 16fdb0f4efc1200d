package dev.sluice.chat;

import java.util.List;

/// Python's `str.format`: `{}`, `{0}`, `{name.attribute[key]!r:spec}`. Attributes and elements are
/// those of the sandbox.
final class BraceFormat {
    private final Render render;
    private final Arguments arguments;
    private final boolean escaping;
    private int next;
    private boolean numbered;

    /// @param escaping whether values that aren't safe are escaped
    BraceFormat(Render render, Arguments arguments, boolean escaping) {
        this.render = render;
        this.arguments = arguments;
        this.escaping = escaping;
    }

    String format(String format) {
        return format(format, 2);
    }

    private String format(String format, int depth) {
        if (depth == 0) {
            throw Errors.value("Max string recursion exceeded");
        }
        render.produce(format.length());
        StringBuilder out = new StringBuilder();
        int i = 0;
        while (i < format.length()) {
            char c = format.charAt(i++);
            if (c != '{' && c != '}') {
                out.append(c);
            } else if (i < format.length() && format.charAt(i) == c) {
                out.append(c);
                i++;
            } else if (c == '}') {
                throw Errors.value("Single '}' encountered in format string");
            } else {
                int end = endOfField(format, i);
                String piece = field(format.substring(i, end), depth);
                render.produce(piece.length());
                out.append(piece);
                i = end + 1;
            }
        }
        return out.toString();
    }

    private static int endOfField(String format, int from) {
        int open = 1;
        boolean bracket = false;
        for (int i = from; i < format.length(); i++) {
            char c = format.charAt(i);
            if (bracket) {
                bracket = c != ']';
            } else if (c == '[' && open == 1) {
                bracket = true;
            } else if (c == '{') {
                open++;
            } else if (c == '}' && --open == 0) {
                return i;
            }
        }
        throw Errors.value(
                from == format.length()
                        ? "Single '{' encountered in format string"
                        : "expected '}' before end of string");
    }

    private String field(String field, int depth) {
        int nameEnd = endOfName(field);
        Object value = value(field.substring(0, nameEnd));
        String rest = field.substring(nameEnd);
        if (rest.startsWith("!")) {
            if (rest.length() < 2 || (rest.length() > 2 && rest.charAt(2) != ':')) {
                throw Errors.value("expected ':' after conversion specifier");
            }
            value = converted(value, rest.charAt(1));
            rest = rest.substring(2);
        }
        String spec = rest.isEmpty() ? "" : format(rest.substring(1), depth - 1);
        String text = FormatSpec.parse(spec).format(render, value);
        return escaping && !(value instanceof Markup) ? Markup.escape(render, text) : text;
    }

    private static int endOfName(String field) {
        boolean bracket = false;
        for (int i = 0; i < field.length(); i++) {
            char c = field.charAt(i);
            if (c == '[') {
                bracket = true;
            } else if (c == ']') {
                bracket = false;
            } else if (!bracket && (c == '!' || c == ':')) {
                return i;
            }
        }
        return field.length();
    }

    private Object converted(Object value, char conversion) {
        return switch (conversion) {
            case 's' -> Representation.str(render, value);
            case 'r' -> Representation.repr(render, value);
            case 'a' -> PercentFormat.ascii(render, Representation.repr(render, value));
            default -> throw Errors.value("Unknown conversion specifier '" + conversion + "'");
        };
    }

    private Object value(String path) {
        int end = 0;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
            end++;
        }
        Object value = argument(path.substring(0, end));
        while (end < path.length()) {
            if (path.charAt(end) == '.') {
                int stop = end + 1;
                while (stop < path.length()
                        && path.charAt(stop) != '.'
                        && path.charAt(stop) != '[') {
                    stop++;
                }
                value = Access.attribute(value, nonEmpty(path.substring(end + 1, stop)));
                end = stop;
            } else if (path.charAt(end) == '[') {
                int stop = path.indexOf(']', end);
                if (stop < 0) {
                    throw Errors.value("Missing ']' in format string");
                }
                value = Access.item(value, key(nonEmpty(path.substring(end + 1, stop))));
                end = stop + 1;
            } else {
                throw Errors.value("Only '.' or '[' may follow ']' in format field specifier");
            }
        }
        return value;
    }

    private static String nonEmpty(String name) {
        if (name.isEmpty()) {
            throw Errors.value("Empty attribute in format string");
        }
        return name;
    }

    private static Object key(String text) {
        return text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? (Object) Long.valueOf(text)
                : text;
    }

    private Object argument(String name) {
        List<Object> positional = arguments.positional();
        if (name.isEmpty() || name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            boolean automatic = name.isEmpty();
            if (automatic ? numbered : next > 0) {
                throw Errors.value(
                        "cannot switch between automatic field numbering and manual field"
                                + " specification");
            }
            numbered |= !automatic;
            int index = automatic ? next++ : name.length() < 10 ? Integer.parseInt(name) : 1 << 30;
            if (index >= positional.size()) {
                throw new TemplateException(
                        "IndexError",
                        "Replacement index " + index + " out of range for positional args tuple");
            }
            return positional.get(index);
        }
        Object value = arguments.named().get(name);
        if (value == null) {
            throw new TemplateException("KeyError", Representation.repr(name));
        }
        return value;
    }
}
