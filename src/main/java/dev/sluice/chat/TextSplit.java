package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;

/// Splitting strings at separators, white space and line ends.
final class TextSplit {
    private TextSplit() {}

    /// @param fromLeft which side `maxsplit` counts from
    static ListValue split(Render render, String text, Signature.Bound given, boolean fromLeft) {
        Object separator = given.get(0, None.NONE);
        int limit = given.integer(1, -1);
        int splits = limit < 0 ? Integer.MAX_VALUE : limit;
        if (separator == None.NONE) {
            return list(
                    fromLeft
                            ? atSpace(render, text, splits)
                            : atSpaceFromRight(render, text, splits));
        }
        if (!Types.isText(separator)) {
            throw Errors.type("must be str or None, not " + Types.name(separator));
        }
        String exact = Types.text(separator);
        if (exact.isEmpty()) {
            throw Errors.value("empty separator");
        }
        return list(
                fromLeft
                        ? at(render, text, exact, splits)
                        : atFromRight(render, text, exact, splits));
    }

    static ListValue list(List<String> parts) {
        return new ListValue(new ArrayList<>(parts));
    }

    private static List<String> at(Render render, String text, String separator, int splits) {
        List<String> parts = new ArrayList<>();
        int from = 0;
        for (int at = Substring.indexOf(text, separator, 0);
                at >= 0 && parts.size() < splits;
                at = Substring.indexOf(text, separator, from)) {
            add(render, parts, text.substring(from, at));
            from = at + separator.length();
        }
        add(render, parts, text.substring(from));
        return parts;
    }

    private static List<String> atFromRight(
            Render render, String text, String separator, int splits) {
        List<String> parts = new ArrayList<>();
        int to = text.length();
        for (int at = lastIndex(text, separator, to);
                at >= 0 && parts.size() < splits;
                at = lastIndex(text, separator, to)) {
            add(render, parts, text.substring(at + separator.length(), to));
            to = at;
        }
        add(render, parts, text.substring(0, to));
        return parts.reversed();
    }

    /// Counts a part, and what a string takes besides its chars, before the next one is made.
    private static void add(Render render, List<String> parts, String part) {
        render.produceElements(2);
        render.produce(part.length());
        parts.add(part);
    }

    private static int lastIndex(String text, String separator, int to) {
        int latest = to - separator.length();
        return latest < 0 ? -1 : Substring.lastIndexOf(text, separator, latest);
    }

    /// The words between white space; behind the last split all that is left, as it is.
    static List<String> atSpace(Render render, String text, int splits) {
        List<String> parts = new ArrayList<>();
        int at = Text.skipSpace(text, 0);
        while (at < text.length()) {
            if (parts.size() == splits) {
                add(render, parts, text.substring(at));
                break;
            }
            int end = at;
            while (end < text.length() && !Text.isSpace(text.charAt(end))) {
                end++;
            }
            add(render, parts, text.substring(at, end));
            at = Text.skipSpace(text, end);
        }
        return parts;
    }

    private static List<String> atSpaceFromRight(Render render, String text, int splits) {
        List<String> parts = new ArrayList<>();
        int to = skipSpaceBefore(text, text.length());
        while (to > 0) {
            if (parts.size() == splits) {
                add(render, parts, text.substring(0, to));
                break;
            }
            int start = to;
            while (start > 0 && !Text.isSpace(text.charAt(start - 1))) {
                start--;
            }
            add(render, parts, text.substring(start, to));
            to = skipSpaceBefore(text, start);
        }
        return parts.reversed();
    }

    private static int skipSpaceBefore(String text, int to) {
        int at = to;
        while (at > 0 && Text.isSpace(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    /// @param keepEnds whether lines keep what ends them
    static List<String> lines(Render render, String text, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!endsLine(c)) {
                continue;
            }
            int end = i;
            if (c == '\r' && text.startsWith("\n", i + 1)) {
                i++;
            }
            add(render, lines, text.substring(from, keepEnds ? i + 1 : end));
            from = i + 1;
        }
        if (from < text.length()) {
            add(render, lines, text.substring(from));
        }
        return lines;
    }

    private static boolean endsLine(char c) {
        return (c >= '\n' && c <= '\r')
                || (c >= 0x1c && c <= 0x1e)
                || c == 0x85
                || c == 0x2028
                || c == 0x2029;
    }

    static TupleValue partition(String text, String separator) {
        int at = checked(text, separator, Substring.indexOf(text, separator, 0));
        return at < 0 ? TupleValue.of(text, "", "") : parts(text, separator, at);
    }

    static TupleValue partitionLast(String text, String separator) {
        int at = checked(text, separator, Substring.lastIndexOf(text, separator, text.length()));
        return at < 0 ? TupleValue.of("", "", text) : parts(text, separator, at);
    }

    private static int checked(String text, String separator, int at) {
        if (separator.isEmpty()) {
            throw Errors.value("empty separator");
        }
        return Math.min(at, text.length());
    }

    private static TupleValue parts(String text, String separator, int at) {
        return TupleValue.of(
                text.substring(0, at), separator, text.substring(at + separator.length()));
    }
}
