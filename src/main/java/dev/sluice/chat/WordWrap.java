package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Breaks a line into lines of a width.
///
/// @see "Python 3.12, textwrap.py, TextWrapper, but for its rules of dashes between words"
final class WordWrap {
    private static final Pattern CHUNK =
            Pattern.compile(
                    "\\s+|(?:[^\\s\\w]*\\w+[^0-9\\W]-(?=\\w+[^0-9\\W])|[^\\s]+?(?=\\s|$)|-{2,}(?=\\w))");
    private static final Pattern WORD = Pattern.compile("\\s+|\\S+");

    private final int width;
    private final boolean breakLongWords;
    private final boolean breakOnHyphens;

    WordWrap(int width, boolean breakLongWords, boolean breakOnHyphens) {
        if (width <= 0) {
            throw Errors.value("invalid width " + width + " (must be > 0)");
        }
        this.width = width;
        this.breakLongWords = breakLongWords;
        this.breakOnHyphens = breakOnHyphens;
    }

    List<String> wrap(Render render, String line) {
        List<String> lines = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        int length = 0;
        int lastPart = 0;
        boolean begins = true;
        Matcher chunks = (breakOnHyphens ? CHUNK : WORD).matcher(line);
        while (chunks.find()) {
            String chunk = chunks.group();
            int left = Text.length(chunk);
            int from = 0;
            int blankFrom = Text.strip(chunk, false, true).length();
            while (left > 0) {
                render.step();
                if (begins && from >= blankFrom && !lines.isEmpty()) {
                    begins = false;
                    break;
                }
                begins = false;
                int room = width - length;
                boolean breaks = left > width && breakLongWords;
                if (left <= room || (left > width && !breakLongWords && length == 0)) {
                    lastPart = current.length();
                    current.append(chunk, from, chunk.length());
                    length += left;
                    left = 0;
                } else {
                    if (breaks) {
                        // A word may be broken off where no room is left: then the space before it
                        // is not the last part and stays, as in Python.
                        lastPart = current.length();
                        int to = breakAt(chunk, from, chunk.offsetByCodePoints(from, room));
                        current.append(chunk, from, to);
                        left -= chunk.codePointCount(from, to);
                        from = to;
                    }
                    flush(render, lines, current, lastPart);
                    length = 0;
                    lastPart = 0;
                    begins = true;
                }
            }
        }
        flush(render, lines, current, lastPart);
        return lines;
    }

    /// Where a word is broken off that goes on beyond a place: behind its last hyphen before that,
    /// if more than hyphens stands before it.
    private int breakAt(String word, int from, int most) {
        int hyphen = breakOnHyphens ? most - 1 : from;
        while (hyphen > from && word.charAt(hyphen) != '-') {
            hyphen--;
        }
        for (int i = from; i < hyphen; i++) {
            if (word.charAt(i) != '-') {
                return hyphen + 1;
            }
        }
        return most;
    }

    /// Ends a line, without its last part if that is blank.
    private static void flush(
            Render render, List<String> lines, StringBuilder current, int lastPart) {
        boolean blank = Text.skipSpace(current, lastPart) == current.length();
        String line = current.substring(0, blank ? lastPart : current.length());
        if (!line.isEmpty()) {
            render.produceElements(2);
            lines.add(line);
        }
        current.setLength(0);
    }
}
