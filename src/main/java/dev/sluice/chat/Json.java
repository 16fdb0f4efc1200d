package dev.sluice.chat;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// Values as JSON, spelled as Python's `json.dumps` does: a space after separators, floats as
/// Python prints them, nothing escaped that JSON doesn't require.
final class Json {
    private final Render render;
    private final Layout layout;
    private final StringBuilder out = new StringBuilder();

    /// How JSON is written.
    ///
    /// @param ascii characters beyond ASCII are escaped
    /// @param indent of one level; empty for one line
    /// @param itemSeparator between items
    /// @param keySeparator between a key and its value
    /// @param sorted by key
    record Layout(
            boolean ascii,
            Optional<String> indent,
            String itemSeparator,
            String keySeparator,
            boolean sorted) {}

    private Json(Render render, Layout layout) {
        this.render = render;
        this.layout = layout;
    }

    /// @throws TemplateException if a value has no form in JSON
    static String dumps(Render render, Object value, Layout layout) {
        Json json = new Json(render, layout);
        json.write(value, 0);
        return json.out.toString();
    }

    private void write(Object value, int depth) {
        render.step();
        switch (value) {
            case String text -> quote(text);
            case Markup(String text) -> quote(text);
            case None _ -> append("null");
            case Boolean b -> append(b ? "true" : "false");
            case Long number -> append(Long.toString(number));
            case BigInteger _ -> append(Representation.repr(value));
            case Double number -> append(floating(number));
            case ListValue(List<Object> items) -> array(items, depth);
            case TupleValue tuple -> array(tuple.items(), depth);
            case DictValue dict -> object(dict, depth);
            default ->
                    throw Errors.type(
                            "Object of type " + Types.name(value) + " is not JSON serializable");
        }
    }

    private void append(String piece) {
        render.produce(piece.length());
        out.append(piece);
    }

    private static String floating(double number) {
        return Double.isNaN(number)
                ? "NaN"
                : Double.isInfinite(number)
                        ? (number > 0 ? "Infinity" : "-Infinity")
                        : Representation.floating(number);
    }

    private void array(List<Object> items, int depth) {
        if (items.isEmpty()) {
            append("[]");
            return;
        }
        render.enterCall();
        append("[");
        String separator = "";
        for (Object item : items) {
            append(separator);
            newLine(depth + 1);
            write(item, depth + 1);
            separator = layout.itemSeparator();
        }
        newLine(depth);
        append("]");
        render.leaveCall();
    }

    private void object(DictValue dict, int depth) {
        if (dict.size() == 0) {
            append("{}");
            return;
        }
        render.enterCall();
        append("{");
        String separator = "";
        List<Object> items = dict.items();
        if (layout.sorted()) {
            items = Sorting.sorted(render, items, pair -> ((TupleValue) pair).items().getFirst());
        }
        for (Object item : items) {
            Iterator<Object> pair = ((TupleValue) item).items().iterator();
            append(separator);
            newLine(depth + 1);
            quote(key(pair.next()));
            append(layout.keySeparator());
            write(pair.next(), depth + 1);
            separator = layout.itemSeparator();
        }
        newLine(depth);
        append("}");
        render.leaveCall();
    }

    private static String key(Object key) {
        return switch (key) {
            case String text -> text;
            case Markup(String text) -> text;
            case None _ -> "null";
            case Boolean b -> b ? "true" : "false";
            case Double number -> floating(number);
            case Long _, BigInteger _ -> Representation.repr(key);
            default ->
                    throw Errors.type(
                            "keys must be str, int, float, bool or None, not " + Types.name(key));
        };
    }

    private void newLine(int depth) {
        if (layout.indent().isPresent()) {
            String indent = layout.indent().get();
            render.produce(1 + (long) indent.length() * depth);
            out.append('\n').repeat(indent, depth);
        }
    }

    private void quote(String text) {
        append("\"");
        for (int i = 0; i < text.length(); i++) {
            int before = out.length();
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || (layout.ascii() && c > '~')) {
                        Representation.hex(out.append("\\u"), c, 4);
                    } else {
                        out.append(c);
                    }
                }
            }
            render.produce(out.length() - before);
        }
        append("\"");
    }
}
