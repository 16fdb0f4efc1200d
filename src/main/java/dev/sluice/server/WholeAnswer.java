package dev.sluice.server;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.AnswerProgress;
import dev.sluice.openai.WholeRenderer;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/// Collects all choices and answers once.
final class WholeAnswer implements Answer {
    private final HttpServerResponse response;
    private final WholeRenderer renderer;
    private final AnswerProgress progress;
    private boolean complete;

    WholeAnswer(HttpServerResponse response, WholeRenderer renderer, AnswerProgress progress) {
        this.response = response;
        this.renderer = renderer;
        this.progress = progress;
    }

    @Override
    public void begin() {
        endIfAllEnded();
    }

    @Override
    public void accept(int index, GenerationEvent event) {
        progress.accept(index, event);
        endIfAllEnded();
    }

    private void endIfAllEnded() {
        if (complete || !progress.hasEnded()) {
            return;
        }
        complete = true;
        byte[] body = renderer.body(progress);
        // Nothing is left to do if the client is gone.
        response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(Buffer.buffer(body));
    }

    @Override
    public boolean isComplete() {
        return complete;
    }

    @Override
    public void fail(byte[] error) {
        throw new IllegalStateException("a whole answer fails before it begins");
    }

    @Override
    public void close() {}
}
