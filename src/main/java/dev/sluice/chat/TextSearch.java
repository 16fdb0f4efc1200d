package dev.sluice.chat;

/// Searching and replacing in strings, with Python's optional range of characters.
final class TextSearch {
    private TextSearch() {}

    static long find(String text, Signature.Bound given) {
        Range range = Range.of(text, given);
        int at = range.valid() ? Substring.indexOf(range.part(), given.text(0), 0) : -1;
        return at < 0 ? -1 : range.from() + range.part().codePointCount(0, at);
    }

    static long findLast(String text, Signature.Bound given) {
        Range range = Range.of(text, given);
        int at =
                range.valid()
                        ? Substring.lastIndexOf(range.part(), given.text(0), range.part().length())
                        : -1;
        return at < 0 ? -1 : range.from() + range.part().codePointCount(0, at);
    }

    static long count(String text, Signature.Bound given) {
        Range range = Range.of(text, given);
        String wanted = given.text(0);
        if (!range.valid()) {
            return 0;
        }
        if (wanted.isEmpty()) {
            return Text.length(range.part()) + 1L;
        }
        long count = 0;
        for (int at = Substring.indexOf(range.part(), wanted, 0);
                at >= 0;
                at = Substring.indexOf(range.part(), wanted, at + wanted.length())) {
            count++;
        }
        return count;
    }

    static boolean startsOrEnds(String text, Signature.Bound given, boolean starts) {
        Object wanted = given.get(0);
        Range range = Range.of(text, given);
        if (wanted instanceof TupleValue tuple) {
            return tuple.items().stream().anyMatch(each -> matches(range, each, starts));
        }
        return matches(range, wanted, starts);
    }

    private static boolean matches(Range range, Object wanted, boolean starts) {
        if (!Types.isText(wanted)) {
            throw Errors.type(
                    (starts ? "startswith" : "endswith")
                            + " first arg must be str or a tuple of str, not "
                            + Types.name(wanted));
        }
        String affix = Types.text(wanted);
        return range.valid()
                && (starts ? range.part().startsWith(affix) : range.part().endsWith(affix));
    }

    /// @param limit most replacements; negative for all
    static String replace(Render render, String text, String old, String with, int limit) {
        int left = limit < 0 ? Integer.MAX_VALUE : limit;
        StringBuilder out = new StringBuilder();
        int from = 0;
        int at = old.isEmpty() ? 0 : Substring.indexOf(text, old, 0);
        while (at >= 0 && left-- > 0) {
            render.produce(with.length());
            out.append(text, from, at).append(with);
            from = at + old.length();
            if (old.isEmpty()) {
                if (at == text.length()) {
                    break;
                }
                at = text.offsetByCodePoints(at, 1);
            } else {
                at = Substring.indexOf(text, old, from);
            }
        }
        return from == 0 && out.isEmpty() ? text : out.append(text, from, text.length()).toString();
    }

    /// The part of a text between optional indexes.
    ///
    /// @param part the characters
    /// @param from index of the first
    /// @param valid false when the range begins after the text or its own end
    private record Range(String part, int from, boolean valid) {
        static Range of(String text, Signature.Bound given) {
            Object start = given.get(1, None.NONE);
            Object end = given.get(2, None.NONE);
            if (start == None.NONE && end == None.NONE) {
                return new Range(text, 0, true);
            }
            int length = Text.length(text);
            int from = start == None.NONE ? 0 : fromFront(Numbers.clampedInt(start), length);
            int to = end == None.NONE ? length : fromFront(Numbers.clampedInt(end), length);
            to = Math.min(to, length);
            return new Range(Text.substring(text, from, to), from, from <= to);
        }

        private static int fromFront(int index, int length) {
            return index < 0 ? Math.max(0, index + length) : index;
        }
    }
}
