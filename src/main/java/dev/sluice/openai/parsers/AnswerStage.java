package dev.sluice.openai.parsers;

/// The last stage where no calls are looked for: all is content.
final class AnswerStage implements Stage {
    private final PieceBuilder out;

    AnswerStage(PieceBuilder out) {
        this.out = out;
    }

    @Override
    public void text(String text) {
        out.content().append(text);
    }

    @Override
    public void mark(Mark mark) {
        out.content().append(mark.shown());
    }

    @Override
    public void end(boolean truncated) {}
}
