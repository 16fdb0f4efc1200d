package dev.sluice.chat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Filters for HTML and URLs.
final class MarkupFilters {
    private static final String COMMENT = "<!--";
    private static final Pattern NO_ATTRIBUTE_NAME = Pattern.compile("[\\s/>=]");

    private MarkupFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        Filters.define(filters, "safe", 0, (r, v, _) -> new Markup(Representation.str(r, v)));
        for (String name : List.of("e", "escape")) {
            Filters.define(
                    filters,
                    name,
                    0,
                    (r, v, _) -> v instanceof Markup ? v : new Markup(Markup.escaped(r, v)));
        }
        Filters.define(
                filters,
                "forceescape",
                0,
                (r, v, _) -> new Markup(Markup.escape(r, Representation.str(r, v))));
        Filters.define(filters, "urlencode", 0, (r, v, _) -> urlEncode(r, v));
        Filters.define(filters, "xmlattr", 0, MarkupFilters::xmlAttributes, "autospace");
        Filters.define(
                filters, "striptags", 0, (r, v, _) -> stripTags(r, Representation.str(r, v)));
    }

    private static String urlEncode(Render render, Object value) {
        if (Types.isText(value) || !Iteration.isIterable(value)) {
            return quoted(render, value, false);
        }
        Object pairs = value instanceof DictValue dict ? new ListValue(dict.items()) : value;
        StringBuilder out = new StringBuilder();
        Iterator<Object> iterator = Iteration.of(render, pairs);
        while (iterator.hasNext()) {
            List<Object> pair = Iteration.toList(render, iterator.next());
            if (pair.size() != 2) {
                throw Errors.value("urlencode needs pairs");
            }
            out.append(out.isEmpty() ? "" : "&")
                    .append(quoted(render, pair.getFirst(), true))
                    .append('=')
                    .append(quoted(render, pair.getLast(), true));
        }
        return out.toString();
    }

    private static String quoted(Render render, Object value, boolean inQuery) {
        String text = Representation.str(render, value);
        boolean ascii = text.chars().allMatch(c -> c < 0x80);
        render.produce((ascii ? 3L : 9L) * text.length());
        String encoded =
                URLEncoder.encode(text, StandardCharsets.UTF_8)
                        .replace("*", "%2A")
                        .replace("%7E", "~");
        return inQuery ? encoded : encoded.replace("+", "%20").replace("%2F", "/");
    }

    private static String xmlAttributes(Render render, Object value, Signature.Bound given) {
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(value instanceof DictValue dict)) {
            throw Errors.type("'" + Types.name(value) + "' object has no attribute 'items'");
        }
        StringBuilder out = new StringBuilder();
        for (Object key : dict.keys()) {
            Object content = Access.item(dict, key);
            if (content == None.NONE || content instanceof Undefined) {
                continue;
            }
            if (!Types.isText(key)) {
                throw Errors.type("expected string or bytes-like object, got " + Types.name(key));
            }
            if (NO_ATTRIBUTE_NAME.matcher(Types.text(key)).find()) {
                throw Errors.value(
                        "Invalid character in attribute name: " + Representation.repr(key));
            }
            String name = Markup.escaped(render, key);
            String shown = Markup.escaped(render, content);
            render.produce((long) name.length() + shown.length() + 4);
            out.append(out.isEmpty() ? "" : " ").append(name);
            out.append("=\"").append(shown).append('"');
        }
        return given.truth(0, true) && !out.isEmpty() ? " " + out : out.toString();
    }

    private static String stripTags(Render render, String text) {
        render.scan(text.length());
        render.produce(text.length());
        String plain = withoutTags(text);
        return String.join(" ", TextSplit.atSpace(render, plain, Integer.MAX_VALUE))
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
    }

    /// Nothing is removed from a tag or comment on that does not end.
    private static String withoutTags(String text) {
        StringBuilder out = new StringBuilder(text.length());
        int from = 0;
        for (int open = text.indexOf('<'); open >= 0; open = text.indexOf('<', from)) {
            String end = text.startsWith(COMMENT, open) ? "-->" : ">";
            int inside = end.length() > 1 ? open + COMMENT.length() : open;
            int close = text.indexOf(end, inside);
            if (close < 0) {
                break;
            }
            out.append(text, from, open);
            from = close + end.length();
        }
        return out.append(text, from, text.length()).toString();
    }
}
