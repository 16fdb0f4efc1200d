package dev.sluice.openai.parsers;

import java.util.ArrayList;
import java.util.List;

/// Text and markers of which nobody knows yet what they are.
final class HeldOutput {
    private final StringBuilder text = new StringBuilder();
    private final List<Held> marks = new ArrayList<>();

    /// A marker and where it stands in the text.
    private record Held(Mark mark, int offset) {}

    void text(String more) {
        text.append(more);
    }

    void mark(Mark mark) {
        marks.add(new Held(mark, text.length()));
    }

    /// Whether there is nothing but white space.
    boolean isBlank() {
        return marks.isEmpty() && text.toString().isBlank();
    }

    /// Takes all of it as text in which markers mark nothing.
    String takeShown() {
        StringBuilder shown = new StringBuilder();
        int from = 0;
        for (Held held : marks) {
            shown.append(text, from, held.offset()).append(held.mark().shown());
            from = held.offset();
        }
        shown.append(text, from, text.length());
        clear();
        return shown.toString();
    }

    /// Gives all of it to a stage.
    void moveTo(Stage stage) {
        int from = 0;
        for (Held held : marks) {
            give(stage, from, held.offset());
            stage.mark(held.mark());
            from = held.offset();
        }
        give(stage, from, text.length());
        clear();
    }

    private void give(Stage stage, int from, int to) {
        if (from < to) {
            stage.text(text.substring(from, to));
        }
    }

    void clear() {
        text.setLength(0);
        marks.clear();
    }
}
