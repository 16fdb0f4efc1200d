package dev.sluice.openai;

/// Text that has come and was not taken yet. Of a single piece, which is the usual case, nothing is
/// copied.
final class PendingText {
    private final StringBuilder several = new StringBuilder();
    private String single = "";

    void append(String piece) {
        if (isEmpty()) {
            single = piece;
        } else {
            several.append(single).append(piece);
            single = "";
        }
    }

    int length() {
        return single.length() + several.length();
    }

    private boolean isEmpty() {
        return length() == 0;
    }

    /// Gives it all and forgets it.
    String take() {
        String all = several.isEmpty() ? single : several.append(single).toString();
        several.setLength(0);
        single = "";
        return all;
    }
}
