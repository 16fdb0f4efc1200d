package dev.sluice.openai.parsers;

import dev.sluice.openai.parsers.JsonScanner.Step;

/// The arguments of a call, as they come. Objects and lists pass through as they are written, but
/// without the white space between their tokens; text that holds an object is that object; none are
/// `{}`. Nothing is added to arguments that break off, so that clients can see that they are a
/// part.
final class ArgumentText {
    /// What a call without arguments gives.
    static final String NONE = "{}";

    private final JsonScanner scanner = new JsonScanner();
    private final StringBuilder ready = new StringBuilder();
    private final StringBuilder held = new StringBuilder();
    private Form form = Form.UNKNOWN;

    private enum Form {
        UNKNOWN,
        STREAMED,
        WHOLE
    }

    /// Reads the next char. After anything but `MORE` it takes no more.
    Step accept(char c) {
        boolean between = JsonScanner.isSpace(c) && !scanner.inString();
        Step step = scanner.accept(c);
        switch (step) {
            case MORE -> {
                if (!between) {
                    more(c);
                }
            }
            case LAST -> {
                more(c);
                complete();
            }
            case BEFORE -> complete();
            case INVALID -> {}
        }
        return step;
    }

    /// Takes what may be given out.
    String take() {
        String text = ready.toString();
        ready.setLength(0);
        return text;
    }

    /// Whether the text is inside a string.
    boolean inString() {
        return scanner.inString();
    }

    private void more(char c) {
        if (form == Form.UNKNOWN) {
            form = c == '{' || c == '[' ? Form.STREAMED : Form.WHOLE;
        }
        (form == Form.STREAMED ? ready : held).append(c);
    }

    private void complete() {
        if (form == Form.WHOLE) {
            ready.append(whole(held.toString()));
        }
    }

    private static String whole(String value) {
        if (value.equals("null")) {
            return NONE;
        }
        if (value.startsWith("\"")) {
            String text = JsonStrings.unquote(value);
            if (text.isBlank()) {
                return NONE;
            }
            return JsonStrings.isObject(text) ? compact(text.strip()) : value;
        }
        return value;
    }

    private static String compact(String object) {
        ArgumentText text = new ArgumentText();
        object.chars().forEach(c -> text.accept((char) c));
        return text.take();
    }
}
