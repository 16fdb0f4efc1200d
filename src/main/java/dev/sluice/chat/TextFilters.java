package dev.sluice.chat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/// Filters on strings.
final class TextFilters {
    private static final int TRUNCATE_LEEWAY = 5;

    private TextFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        mapped(filters, "upper", TextCase::upper);
        mapped(filters, "lower", TextCase::lower);
        mapped(filters, "capitalize", TextCase::capitalize);
        mapped(filters, "title", TextFilters::title);
        Filters.define(
                filters,
                "string",
                0,
                (r, v, _) -> v instanceof Markup ? v : Representation.str(r, v));
        Filters.define(
                filters,
                "trim",
                0,
                (r, v, given) -> {
                    Object chars = given.get(0, None.NONE);
                    return like(v, StringMethods.strip(text(r, v), chars, true, true));
                },
                "chars");
        Filters.define(
                filters,
                "center",
                0,
                (r, v, given) ->
                        like(v, TextPadding.pad(r, text(r, v), given.integer(0, 80), " ", '^')),
                "width");
        Filters.define(filters, "replace", 2, TextFilters::replace, "old", "new", "count");
        Filters.define(filters, "indent", 0, TextFilters::indent, "width", "first", "blank");
        Filters.define(
                filters,
                "truncate",
                0,
                TextFilters::truncate,
                "length",
                "killwords",
                "end",
                "leeway");
        Filters.define(
                filters,
                "wordwrap",
                0,
                TextFilters::wordWrap,
                "width",
                "break_long_words",
                "wrapstring",
                "break_on_hyphens");
        Filters.define(filters, "wordcount", 0, (r, v, _) -> countWords(text(r, v)));
        filters.put("format", TextFilters::format);
        Filters.define(
                filters,
                "tojson",
                0,
                TextFilters::toJson,
                "ensure_ascii",
                "indent",
                "separators",
                "sort_keys");
    }

    private static void mapped(
            Map<String, Filters.Filter> filters,
            String name,
            BiFunction<Render, String, String> change) {
        Filters.define(filters, name, 0, (r, v, _) -> like(v, change.apply(r, text(r, v))));
    }

    private static String text(Render render, Object value) {
        String text = Representation.str(render, value);
        render.scan(text.length());
        return text;
    }

    /// A string that is safe if the original is.
    private static Object like(Object original, String text) {
        return original instanceof Markup ? new Markup(text) : text;
    }

    /// Words begin after white space, hyphens and opening brackets only, unlike `str.title`.
    private static String title(Render render, String text) {
        StringBuilder out = new StringBuilder(text.length());
        int start = 0;
        for (int i = 0; i <= text.length(); i++) {
            boolean boundary =
                    i == text.length()
                            || (i > 0
                                    && startsWord(text.charAt(i))
                                            != startsWord(text.charAt(i - 1)));
            if (boundary && i > start) {
                int end = text.offsetByCodePoints(start, 1);
                out.append(text.substring(start, end).toUpperCase(Locale.ROOT));
                out.append(TextCase.lower(render, text.substring(end, i)));
                start = i;
            }
        }
        return out.toString();
    }

    private static boolean startsWord(char c) {
        return Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }

    private static Object replace(Render render, Object value, Signature.Bound given) {
        Object count = given.get(2, None.NONE);
        int limit = count == None.NONE ? -1 : Numbers.clampedInt(count);
        String text = text(render, value);
        render.produce(text.length());
        return TextSearch.replace(
                render,
                text,
                Representation.str(render, given.get(0)),
                Representation.str(render, given.get(1)),
                limit);
    }

    private static Object indent(Render render, Object value, Signature.Bound given) {
        Object width = given.get(0, 4L);
        String indent =
                Types.isText(width)
                        ? Types.text(width)
                        : Arithmetic.repeated(render, " ", Math.max(0, Numbers.clampedInt(width)));
        boolean first = given.truth(1, false);
        boolean blank = given.truth(2, false);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!Types.isText(value)) {
            throw Errors.operands("+=", value, "");
        }
        List<String> lines = TextSplit.lines(render, text(render, value) + "\n", false);
        StringBuilder out = new StringBuilder(first ? indent : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean indented = i > 0 && (blank || !line.isEmpty());
            render.produce((long) line.length() + 1 + (indented ? indent.length() : 0));
            out.append(i > 0 ? "\n" : "").append(indented ? indent : "").append(line);
        }
        return like(value, out.toString());
    }

    private static Object truncate(Render render, Object value, Signature.Bound given) {
        int length = given.integer(0, 255);
        String end = Representation.str(render, given.get(2, "..."));
        Object leewayGiven = given.get(3, None.NONE);
        int leeway = leewayGiven == None.NONE ? TRUNCATE_LEEWAY : Numbers.clampedInt(leewayGiven);
        long room = (long) length - Text.length(end);
        if (room < 0 || leeway < 0) {
            throw new TemplateException(
                    "AssertionError",
                    room < 0
                            ? "expected length >= " + Text.length(end) + ", got " + length
                            : "expected leeway >= 0, got " + leeway);
        }
        long size = SequenceFilters.length(value);
        if (size <= (long) length + leeway) {
            return value;
        }
        if (!Types.isText(value)) {
            throw Errors.type("'" + Types.name(value) + "' object can't be truncated");
        }
        String text = text(render, value);
        String cut = Text.substring(text, 0, (int) room);
        int space = cut.lastIndexOf(' ');
        boolean whole = given.truth(1, false) || space < 0;
        return like(value, (whole ? cut : cut.substring(0, space)) + end);
    }

    private static Object wordWrap(Render render, Object value, Signature.Bound given) {
        Object wrap = given.get(2, None.NONE);
        String newline = wrap == None.NONE ? "\n" : Representation.str(render, wrap);
        if (!Types.isText(value)) {
            throw Errors.type("'" + Types.name(value) + "' object can't be wrapped");
        }
        WordWrap wrapping =
                new WordWrap(given.integer(0, 79), given.truth(1, true), given.truth(3, true));
        StringBuilder out = new StringBuilder();
        String separator = "";
        for (String line : TextSplit.lines(render, text(render, value), false)) {
            List<String> wrapped = wrapping.wrap(render, line);
            render.produce(line.length() + (wrapped.size() + 1L) * newline.length());
            out.append(separator).append(String.join(newline, wrapped));
            separator = newline;
        }
        return out.toString();
    }

    /// Runs of what Python's `\w` matches: marks are no part of a word.
    private static long countWords(String text) {
        long words = 0;
        boolean within = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            boolean word = c == '_' || TextCase.isAlphanumeric(c);
            words += word && !within ? 1 : 0;
            within = word;
        }
        return words;
    }

    private static Object format(Render render, Object value, Arguments arguments) {
        if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
            throw Errors.filterArgument(
                    "can't handle positional and keyword arguments at the same time");
        }
        Object format = value instanceof Markup ? value : text(render, value);
        if (arguments.named().isEmpty()) {
            return PercentFormat.format(render, format, new TupleValue(arguments.positional()));
        }
        DictValue named = new DictValue(arguments.named().size());
        arguments.named().forEach(named::put);
        return PercentFormat.format(render, format, named);
    }

    private static Object toJson(Render render, Object value, Signature.Bound given) {
        Object indent = given.get(1, None.NONE);
        Object separators = given.get(2, None.NONE);
        boolean oneLine = indent == None.NONE;
        String itemSeparator = oneLine ? ", " : ",";
        String keySeparator = ": ";
        if (separators != None.NONE) {
            List<Object> pair = Iteration.toList(render, separators);
            if (pair.size() != 2) {
                throw Errors.value("separators must be two");
            }
            itemSeparator = Representation.str(render, pair.getFirst());
            keySeparator = Representation.str(render, pair.getLast());
        }
        Optional<String> level = oneLine ? Optional.empty() : Optional.of(level(render, indent));
        return Json.dumps(
                render,
                value,
                new Json.Layout(
                        given.truth(0, false),
                        level,
                        itemSeparator,
                        keySeparator,
                        given.truth(3, false)));
    }

    private static String level(Render render, Object indent) {
        return Types.isText(indent)
                ? Types.text(indent)
                : Arithmetic.repeated(render, " ", Math.max(0, Numbers.clampedInt(indent)));
    }
}
