package dev.sluice.chat;

/// A string that was marked safe: HTML is escaped in what is added to it. Chat templates meet it
/// through the `safe` and `escape` filters.
///
/// @param text the string
record Markup(String text) {
    /// The string with the five characters of HTML replaced.
    static String escape(Render render, String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            int before = out.length();
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&#34;");
                case '\'' -> out.append("&#39;");
                default -> out.append(c);
            }
            render.produce(out.length() - before);
        }
        return out.toString();
    }

    /// The value as it may be joined to safe text.
    static String escaped(Render render, Object value) {
        return value instanceof Markup(String safe)
                ? safe
                : escape(render, Representation.str(render, value));
    }
}
