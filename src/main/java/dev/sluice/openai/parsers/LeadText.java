package dev.sluice.openai.parsers;

/// The text around calls: what is content, and whether calls count after it.
///
/// White space before a call is no content. Nothing is after the first one.
final class LeadText {
    private final CallFormat format;
    private final PieceBuilder out;
    private final CallWriter calls;
    private final StringBuilder space = new StringBuilder();
    private boolean strict;
    private boolean hasText;
    private boolean responded;

    LeadText(CallFormat format, PieceBuilder out, CallWriter calls) {
        this.format = format;
        this.out = out;
        this.calls = calls;
        this.strict = format == CallFormat.ERNIE_45_VL_THINKING;
    }

    void text(String text) {
        if (!calls.allowText()) {
            return;
        }
        int solid = text.length();
        while (solid > 0 && isSpace(text.charAt(solid - 1))) {
            solid--;
        }
        if (solid > 0) {
            hasText = true;
            out.content().append(space);
            out.content().append(text.substring(0, solid));
            space.setLength(0);
        }
        space.append(text, solid, text.length());
    }

    /// A marker that begins no call.
    void mark(Mark mark) {
        text(mark.shown());
        if (mark.is(ReasoningFormat.THINK_END)) {
            thinkingEnded();
        }
        responded |= mark.is(ReasoningFormat.RESPONSE_END);
    }

    void thinkingEnded() {
        hasText = false;
        strict |= format == CallFormat.DEEPSEEK;
    }

    /// Whether a call may begin here. Once it may not, none may.
    boolean allowsCall() {
        if (calls.hasBegun()) {
            return true;
        }
        return !(strict && hasText) && !(format == CallFormat.ERNIE_X1 && responded);
    }

    /// Takes the white space that was held back, for a call that may turn out to be none.
    String takeSpace() {
        String text = space.toString();
        space.setLength(0);
        return text;
    }

    /// Shows what was no call after all.
    void give(CharSequence text) {
        if (calls.allowText()) {
            hasText = true;
            out.content().append(text);
        }
    }

    void end() {
        if (calls.allowText()) {
            out.content().append(space);
        }
        space.setLength(0);
    }

    private boolean isSpace(char c) {
        return format == CallFormat.ERNIE_45_VL_THINKING
                ? c == '\n' || c == '\r'
                : Character.isWhitespace(c);
    }
}
