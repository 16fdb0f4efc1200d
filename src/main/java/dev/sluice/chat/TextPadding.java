package dev.sluice.chat;

/// Filling strings up to a width.
final class TextPadding {
    /// Where the text is put.
    static final char LEFT = '<';

    static final char RIGHT = '>';
    static final char CENTER = '^';

    private TextPadding() {}

    static String pad(Render render, String text, Signature.Bound given, char place) {
        String fill = given.get(1, " ") instanceof String one ? one : given.text(1);
        if (Text.length(fill) != 1) {
            throw Errors.type("The fill character must be exactly one character long");
        }
        return pad(render, text, given.integer(0, 0), fill, place);
    }

    static String pad(Render render, String text, int width, String fill, char place) {
        if (width <= Text.length(text)) {
            return text;
        }
        int missing = width - Text.length(text);
        int left =
                switch (place) {
                    case LEFT -> 0;
                    case RIGHT -> missing;
                    // Python puts the odd one where the width says, which looks arbitrary.
                    default -> missing / 2 + (missing & width & 1);
                };
        return Arithmetic.repeated(render, fill, left)
                + text
                + Arithmetic.repeated(render, fill, missing - left);
    }

    static String zeros(Render render, String text, int width) {
        if (width <= Text.length(text)) {
            return text;
        }
        int missing = width - Text.length(text);
        boolean signed = text.startsWith("-") || text.startsWith("+");
        String zeros = Arithmetic.repeated(render, "0", missing);
        return signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text;
    }

    static String tabs(Render render, String text, int tabSize) {
        StringBuilder out = new StringBuilder();
        int column = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\t') {
                int spaces = tabSize > 0 ? tabSize - column % tabSize : 0;
                out.append(Arithmetic.repeated(render, " ", spaces));
                column += spaces;
            } else {
                out.append(c);
                column =
                        c == '\n' || c == '\r' ? 0 : column + (Character.isLowSurrogate(c) ? 0 : 1);
            }
        }
        return out.toString();
    }
}
