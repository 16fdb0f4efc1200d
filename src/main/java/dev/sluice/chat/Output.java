package dev.sluice.chat;

/// Text under construction.
final class Output {
    private final Render render;
    private final StringBuilder text = new StringBuilder();

    Output(Render render) {
        this.render = render;
    }

    void append(String piece) {
        render.produce(piece.length());
        text.append(piece);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
