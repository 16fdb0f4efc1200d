package dev.sluice.tokenizer;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Puts long runs of combining marks into the order that Unicode's normal forms have, in time in
/// proportion to their length. Java's own normalizer, which inserts one mark after the other, takes
/// quadratic time for them.
///
/// The result has the same normal form as the text.
final class MarkOrder {
    private static final int LONG = 64;
    private static final int FIRST_MARK = 0x300;

    private final Form decomposed;
    private final StringBuilder out = new StringBuilder();
    private final List<StringBuilder> waiting = new ArrayList<>();

    private MarkOrder(Form form) {
        this.decomposed = form == Form.NFKC || form == Form.NFKD ? Form.NFKD : Form.NFD;
        Classes.ORDER.forEach(_ -> waiting.add(new StringBuilder()));
    }

    /// The text with its long runs decomposed and in order; the same if there are none.
    ///
    /// @param form that the text is put into afterwards
    static String apply(String text, Form form) {
        if (runFrom(text, 0) == text.length()) {
            return text;
        }
        MarkOrder order = new MarkOrder(form);
        int copied = 0;
        for (int start = runFrom(text, 0); start < text.length(); start = runFrom(text, copied)) {
            order.out.append(text, copied, start);
            copied = runEnd(text, start);
            order.run(text, start, copied);
        }
        return order.out.append(text, copied, text.length()).toString();
    }

    /// Where the next long run begins, or the end of the text.
    private static int runFrom(String text, int from) {
        for (int i = from; i < text.length(); ) {
            int end = runEnd(text, i);
            if (end - i > LONG) {
                return i;
            }
            i = end > i ? end : i + 1;
        }
        return text.length();
    }

    private static int runEnd(String text, int from) {
        int end = from;
        while (end < text.length() && isMark(text.codePointAt(end))) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    private static boolean isMark(int c) {
        return c >= FIRST_MARK
                && switch (Character.getType(c)) {
                    case Character.NON_SPACING_MARK,
                            Character.COMBINING_SPACING_MARK,
                            Character.ENCLOSING_MARK ->
                            true;
                    // The compatible forms of these two are marks.
                    default -> c == 0xFF9E || c == 0xFF9F;
                };
    }

    private void run(String text, int from, int to) {
        for (int i = from; i < to; ) {
            int mark = text.codePointAt(i);
            Normalizer.normalize(Character.toString(mark), decomposed)
                    .codePoints()
                    .forEach(this::add);
            i += Character.charCount(mark);
        }
        flush();
    }

    private void add(int c) {
        Integer place = Classes.PLACES.get(c);
        if (place == null) {
            flush();
            out.appendCodePoint(c);
        } else {
            waiting.get(place).appendCodePoint(c);
        }
    }

    private void flush() {
        for (StringBuilder marks : waiting) {
            out.append(marks);
            marks.setLength(0);
        }
    }

    /// The combining classes, which Java tells only by what it sorts a mark before and behind.
    private static final class Classes {
        /// One mark of each class but 0, from the lowest class to the highest.
        static final List<String> ORDER = new ArrayList<>();

        /// Where a mark's class stands among them; marks of class 0 are missing.
        static final Map<Integer, Integer> PLACES = new HashMap<>();

        private static final String OF_LOWEST = "\u0334";
        private static final String OF_HIGHEST = "\u0345";
        private static final Comparator<String> BY_CLASS =
                (a, b) -> {
                    if (!isOrdered(a + b)) {
                        return 1;
                    }
                    return isOrdered(b + a) ? 0 : -1;
                };

        static {
            List<String> marks = new ArrayList<>();
            for (int c = FIRST_MARK; c <= Character.MAX_CODE_POINT; c++) {
                String mark = Character.toString(c);
                if (isMark(c)
                        && isOrdered(mark)
                        && !(isOrdered(mark + OF_LOWEST) && isOrdered(OF_HIGHEST + mark))) {
                    marks.add(mark);
                }
            }
            for (String mark : marks) {
                int place = Collections.binarySearch(ORDER, mark, BY_CLASS);
                if (place < 0) {
                    ORDER.add(-place - 1, mark);
                }
            }
            for (String mark : marks) {
                int place = Collections.binarySearch(ORDER, mark, BY_CLASS);
                PLACES.put(mark.codePointAt(0), place);
            }
        }

        private static boolean isOrdered(String marks) {
            return Normalizer.isNormalized(marks, Form.NFD);
        }
    }
}
