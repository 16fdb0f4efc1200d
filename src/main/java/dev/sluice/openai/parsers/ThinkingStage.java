package dev.sluice.openai.parsers;

/// Tells the thinking from the answer, which goes on to the next stage.
final class ThinkingStage implements Stage {
    private final ReasoningFormat format;
    private final PieceBuilder out;
    private final Stage next;
    private final boolean opened;
    private final StringBuilder space = new StringBuilder();
    private boolean thinking;
    private boolean marked;
    private State state = State.FRESH;
    private int firstToken;
    private int tokens;

    private enum State {
        /// Nothing but white space so far.
        FRESH,
        THINKING,
        ANSWER
    }

    /// @param opened whether the prompt has begun the thinking
    /// @param thinking whether an output without a marker at its start is thinking
    ThinkingStage(
            ReasoningFormat format,
            PieceBuilder out,
            Stage next,
            boolean opened,
            boolean thinking) {
        this.format = format;
        this.out = out;
        this.next = next;
        this.opened = opened;
        this.thinking = opened || thinking;
        if (format.trim() == ReasoningFormat.Trim.BOTH) {
            out.reasoning().trim();
        }
    }

    /// Whether it is thinking by nothing but assumption.
    boolean isAssumed() {
        return state == State.THINKING && !opened && !marked;
    }

    /// Tokens of the thinking, without its markers.
    int tokens() {
        return tokens;
    }

    @Override
    public void text(String text) {
        if (state == State.FRESH) {
            if (text.isBlank()) {
                space.append(text);
                return;
            }
            decide();
        }
        if (state == State.THINKING) {
            out.reasoning().append(text);
        } else {
            next.text(text);
        }
    }

    /// Settles what an output is that begins with no marker of the thinking.
    private void decide() {
        String text = space.toString();
        space.setLength(0);
        state = thinking ? State.THINKING : State.ANSWER;
        if (thinking) {
            out.reasoning().append(text);
        } else if (!text.isEmpty()) {
            next.text(text);
        }
    }

    @Override
    public void mark(Mark mark) {
        boolean start = mark.is(ReasoningFormat.THINK);
        if (state == State.FRESH && start) {
            space.setLength(0);
            thinking = true;
            marked = true;
            state = State.THINKING;
            firstToken = mark.tokenIndex() + 1;
        } else if (state != State.ANSWER && mark.is(ReasoningFormat.THINK_END)) {
            finish(mark);
        } else {
            other(mark);
        }
    }

    private void other(Mark mark) {
        if (state == State.FRESH) {
            thinking = opened;
            tokens = opened ? tokens : 0;
            decide();
        }
        if (state == State.ANSWER) {
            next.mark(mark);
        } else {
            out.reasoning().append(mark.shown());
        }
    }

    private void finish(Mark mark) {
        if (thinking) {
            out.reasoning().append(space);
            tokens = Math.max(0, mark.tokenIndex() - firstToken);
        }
        space.setLength(0);
        state = State.ANSWER;
        if (format.trim() != ReasoningFormat.Trim.NOTHING) {
            out.content().trim();
        }
        next.thinkingEnded(mark.tokenIndex() + 1);
    }

    @Override
    public void pieceEnded(int numTokens) {
        if (state != State.ANSWER && thinking) {
            tokens = Math.max(0, numTokens - firstToken);
        }
        next.pieceEnded(numTokens);
    }

    @Override
    public void end(boolean truncated) {
        if (state == State.FRESH) {
            decide();
        }
        next.end(truncated);
    }
}
