package dev.sluice.chat;

/// The backslash escapes of string literals: Python's `unicode-escape`.
final class StringEscapes {
    private StringEscapes() {}

    /// @throws TemplateException if an escape is cut short or names nothing
    static String resolve(String body, int line) {
        StringBuilder out = new StringBuilder(body.length());
        int i = 0;
        while (i < body.length()) {
            char c = body.charAt(i++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char kind = body.charAt(i++);
            switch (kind) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append(kind);
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case 'x' -> i = hex(body, i, 2, "\\xXX", out, line);
                case 'u' -> i = hex(body, i, 4, "\\uXXXX", out, line);
                case 'U' -> i = hex(body, i, 8, "\\UXXXXXXXX", out, line);
                case 'N' -> i = named(body, i, out, line);
                case '0', '1', '2', '3', '4', '5', '6', '7' -> i = octal(body, i - 1, out);
                default -> unknown(kind, out);
            }
        }
        return out.toString();
    }

    private static int hex(
            String body, int from, int digits, String form, StringBuilder out, int line) {
        int value = 0;
        for (int i = from; i < from + digits; i++) {
            int digit = i < body.length() ? Character.digit(body.charAt(i), 16) : -1;
            if (digit < 0 || value > 0x10FFFF >> 4) {
                throw Errors.syntax("truncated " + form + " escape", line);
            }
            value = value * 16 + digit;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw Errors.syntax("illegal Unicode character", line);
        }
        out.appendCodePoint(value);
        return from + digits;
    }

    private static int octal(String body, int from, StringBuilder out) {
        int value = 0;
        int i = from;
        while (i < Math.min(from + 3, body.length())
                && body.charAt(i) >= '0'
                && body.charAt(i) <= '7') {
            value = value * 8 + body.charAt(i++) - '0';
        }
        out.append((char) value);
        return i;
    }

    private static int named(String body, int from, StringBuilder out, int line) {
        int end = body.indexOf('}', from);
        if (!body.startsWith("{", from) || end < 0) {
            throw Errors.syntax("malformed \\N character escape", line);
        }
        try {
            out.appendCodePoint(Character.codePointOf(body.substring(from + 1, end)));
        } catch (IllegalArgumentException _) {
            throw Errors.syntax("unknown Unicode character name", line);
        }
        return end + 1;
    }

    /// An unknown escape stays as it is. Python has spelled characters beyond ASCII as escapes by
    /// then, so that a backslash before one swallows its escape's backslash.
    private static void unknown(char kind, StringBuilder out) {
        out.append('\\');
        if (kind < 0x80) {
            out.append(kind);
        } else if (kind < 0x100) {
            out.append(String.format("x%02x", (int) kind));
        } else {
            out.append(String.format("u%04x", (int) kind));
        }
    }
}
