package dev.sluice.openai.parsers;

/// Collects text and, when told to, leaves out the white space around it.
final class Trimmer {
    private final StringBuilder ready = new StringBuilder();
    private final StringBuilder space = new StringBuilder();
    private boolean trims;
    private boolean leads;

    /// What follows is trimmed.
    void trim() {
        trims = true;
        leads = true;
    }

    void append(CharSequence text) {
        if (!trims) {
            ready.append(text);
            return;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c)) {
                space.append(c);
                continue;
            }
            if (!leads) {
                ready.append(space);
            }
            space.setLength(0);
            leads = false;
            ready.append(c);
        }
    }

    /// What may be given out now; white space that may be the last is kept.
    String take() {
        String text = ready.toString();
        ready.setLength(0);
        return text;
    }
}
