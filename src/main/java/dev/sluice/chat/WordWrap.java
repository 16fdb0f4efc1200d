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
        Matcher chunks = (breakOnHyphens ? CHUNK : WORD).matcher(line);
        while (chunks.find()) {
            String chunk = chunks.group();
            int left = Text.length(chunk);
            int from = 0;
            boolean blank = Text.skipSpace(chunk, 0) == chunk.length();
            while (left > 0) {
                render.step();
                if (blank && length == 0 && !lines.isEmpty()) {
                    break;
                }
                int room = width - length;
                boolean breaks = left > width && breakLongWords;
                if (left <= room || (left > width && !breakLongWords && length == 0)) {
                    current.append(chunk, from, chunk.length());
                    length += left;
                    left = 0;
                } else {
                    int taken = breaks ? room : 0;
                    int to = chunk.offsetByCodePoints(from, taken);
                    // A word broken off where no room was left keeps the space before it, as in
                    // Python.
                    boolean stripped = !breaks || taken > 0;
                    current.append(chunk, from, to);
                    from = to;
                    left -= taken;
                    flush(render, lines, current, stripped);
                    length = 0;
                }
            }
        }
        flush(render, lines, current, true);
        return lines;
    }

    /// Ends a line.
    private static void flush(
            Render render, List<String> lines, StringBuilder current, boolean stripped) {
        String text = current.toString();
        String line = stripped ? Text.strip(text, false, true) : text;
        if (!line.isEmpty()) {
            render.produceElements(2);
            lines.add(line);
        }
        current.setLength(0);
    }
}
