package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Breaks a line into lines of a width, as Python's `textwrap` does.
final class WordWrap {
    private static final Pattern CHUNK =
            Pattern.compile(
                    "\\s+|(?:[^\\s\\w]*\\w+[^0-9\\W]-(?=\\w+[^0-9\\W])|[^\\s]+?(?=\\s|$)|-{2,}(?=\\w))");

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

    List<String> wrap(String line) {
        List<String> lines = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        for (String chunk : chunks(line)) {
            String rest = chunk;
            if (rest.isBlank() && current.isEmpty() && !lines.isEmpty()) {
                continue;
            }
            if (length(current) + Text.length(rest) <= width) {
                current.append(rest);
                continue;
            }
            if (Text.length(rest) > width && breakLongWords) {
                int room = Math.max(1, width - length(current));
                current.append(Text.substring(rest, 0, room));
                rest = Text.substring(rest, room, Text.length(rest));
            }
            flush(lines, current);
            while (breakLongWords && Text.length(rest) > width) {
                lines.add(Text.substring(rest, 0, width));
                rest = Text.substring(rest, width, Text.length(rest));
            }
            if (!rest.isBlank()) {
                current.append(rest);
            }
        }
        flush(lines, current);
        return lines;
    }

    private static int length(StringBuilder text) {
        return text.codePointCount(0, text.length());
    }

    private static void flush(List<String> lines, StringBuilder current) {
        String line = Text.strip(current.toString(), false, true);
        if (!line.isEmpty()) {
            lines.add(line);
        }
        current.setLength(0);
    }

    private List<String> chunks(String line) {
        List<String> chunks = new ArrayList<>();
        Matcher matcher = (breakOnHyphens ? CHUNK : Pattern.compile("\\s+|\\S+")).matcher(line);
        while (matcher.find()) {
            chunks.add(matcher.group());
        }
        return chunks;
    }
}
