package dev.sluice.openai.parsers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collects what the stages find until it is taken.
final class PieceBuilder {
    private final Trimmer reasoning = new Trimmer();
    private final Trimmer content = new Trimmer();
    private final List<ToolCallDelta> calls = new ArrayList<>();
    private final StringBuilder slice = new StringBuilder();
    private int sliceIndex;

    Trimmer reasoning() {
        return reasoning;
    }

    Trimmer content() {
        return content;
    }

    void begin(int index, ToolCallDelta.Begin begin) {
        closeSlice();
        calls.add(new ToolCallDelta(index, Optional.of(begin), ""));
    }

    void arguments(int index, CharSequence text) {
        if (index != sliceIndex) {
            closeSlice();
            sliceIndex = index;
        }
        slice.append(text);
    }

    ParsedPiece take() {
        closeSlice();
        ParsedPiece piece = new ParsedPiece(reasoning.take(), content.take(), calls);
        calls.clear();
        return piece;
    }

    private void closeSlice() {
        if (!slice.isEmpty()) {
            calls.add(new ToolCallDelta(sliceIndex, Optional.empty(), slice.toString()));
            slice.setLength(0);
        }
    }
}
