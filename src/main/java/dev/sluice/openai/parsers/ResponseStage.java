package dev.sluice.openai.parsers;

/// The answer of ERNIE X1: what stands in the first response, or calls and no response. Other text
/// counts only if the model did not think and has written no response.
final class ResponseStage implements Stage {
    private final Stage next;
    private final StringBuilder space = new StringBuilder();
    private State state = State.BEFORE;
    private boolean thought;

    private enum State {
        BEFORE,
        INSIDE,
        /// After the response: nothing counts.
        DONE,
        /// Calls, or an answer without markers.
        PLAIN
    }

    ResponseStage(Stage next) {
        this.next = next;
    }

    @Override
    public void text(String text) {
        switch (state) {
            case INSIDE, PLAIN -> next.text(text);
            case BEFORE -> before(text);
            case DONE -> {}
        }
    }

    private void before(String text) {
        if (thought) {
            return;
        }
        if (text.isBlank()) {
            space.append(text);
            return;
        }
        state = State.PLAIN;
        next.text(space + text);
    }

    @Override
    public void mark(Mark mark) {
        switch (state) {
            case BEFORE -> {
                if (mark.is(ReasoningFormat.RESPONSE)) {
                    state = State.INSIDE;
                } else if (!mark.is(ReasoningFormat.RESPONSE_END)) {
                    state = State.PLAIN;
                    next.mark(mark);
                }
            }
            case INSIDE -> {
                if (mark.is(ReasoningFormat.RESPONSE_END)) {
                    state = State.DONE;
                } else if (!mark.shown().isEmpty()) {
                    next.text(mark.shown());
                }
            }
            case PLAIN -> next.mark(mark);
            case DONE -> {}
        }
    }

    @Override
    public void thinkingEnded(int numTokens) {
        thought = true;
        space.setLength(0);
        next.thinkingEnded(numTokens);
    }

    @Override
    public void pieceEnded(int numTokens) {
        next.pieceEnded(numTokens);
    }

    @Override
    public void end(boolean truncated) {
        next.end(truncated);
    }
}
