package dev.sluice.openai.parsers;

/// Tells the thinking from the answer, which goes on to the next stage.
final class ThinkingStage implements Stage {
    private final ReasoningFormat format;
    private final PieceBuilder out;
    private final Stage next;
    private final Start start;
    private final HeldOutput held = new HeldOutput();
    private boolean thinking;
    private State state;
    private int firstToken;
    private int tokens;

    /// What an output is before a marker says so.
    enum Start {
        /// Thinking: the prompt has begun it.
        OPENED,
        /// Thinking, by assumption.
        THINKING,
        /// An answer.
        ANSWER,
        /// Thinking if an end of it comes, else an answer. All is held back until then.
        UNDECIDED,
        /// An answer that a grammar forms, whatever markers are in its text.
        GUIDED,
        /// The same, unless its first token opens the thinking.
        GUIDED_UNLESS_OPENED
    }

    private enum State {
        /// Nothing that settles what it is: white space, or all if it is undecided.
        FRESH,
        THINKING,
        ANSWER
    }

    ThinkingStage(ReasoningFormat format, PieceBuilder out, Stage next, Start start) {
        this.format = format;
        this.out = out;
        this.next = next;
        this.start = start;
        this.thinking = start == Start.OPENED || start == Start.THINKING;
        this.state = start == Start.GUIDED ? State.ANSWER : State.FRESH;
        if (format.trim() == ReasoningFormat.Trim.BOTH) {
            out.reasoning().trim();
        }
    }

    /// Tokens of the thinking, without its markers.
    int tokens() {
        return tokens;
    }

    @Override
    public void text(String text) {
        if (state == State.FRESH) {
            boolean isSettled = start == Start.GUIDED_UNLESS_OPENED;
            if (start == Start.UNDECIDED || (text.isBlank() && !isSettled)) {
                held.text(text);
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
        state = thinking ? State.THINKING : State.ANSWER;
        if (thinking) {
            out.reasoning().append(held.takeShown());
        } else {
            held.moveTo(next);
        }
    }

    @Override
    public void mark(Mark mark) {
        boolean blank = state == State.FRESH && held.isBlank();
        if (blank && mark.is(ReasoningFormat.THINK)) {
            held.clear();
            thinking = true;
            state = State.THINKING;
            firstToken = mark.tokenIndex() + 1;
        } else if (mayEndThinking() && mark.is(ReasoningFormat.THINK_END)) {
            finish(mark);
        } else if (state == State.FRESH && !blank) {
            held.mark(mark);
        } else {
            other(mark);
        }
    }

    private boolean mayEndThinking() {
        return switch (state) {
            case FRESH -> start != Start.GUIDED_UNLESS_OPENED;
            case THINKING -> true;
            case ANSWER -> false;
        };
    }

    private void other(Mark mark) {
        if (state == State.FRESH) {
            thinking = start == Start.OPENED;
            tokens = thinking ? tokens : 0;
            decide();
        }
        if (state == State.ANSWER) {
            next.mark(mark);
        } else {
            out.reasoning().append(mark.shown());
        }
    }

    private void finish(Mark mark) {
        thinking |= state == State.FRESH && start == Start.UNDECIDED;
        if (thinking) {
            out.reasoning().append(held.takeShown());
            tokens = Math.max(0, mark.tokenIndex() - firstToken);
        }
        held.clear();
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
