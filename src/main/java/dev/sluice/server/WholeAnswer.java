package dev.sluice.server;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.ChoiceProgress;
import dev.sluice.openai.ChunkRenderer;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

import java.util.List;

/// Collects all choices and answers once.
final class WholeAnswer implements Answer {
    private final HttpServerResponse response;
    private final ChunkRenderer renderer;
    private final List<ChoiceProgress> choices;
    private boolean complete;

    WholeAnswer(HttpServerResponse response, ChunkRenderer renderer, List<ChoiceProgress> choices) {
        this.response = response;
        this.renderer = renderer;
        this.choices = choices;
    }

    @Override
    public void begin() {
        endIfAllEnded();
    }

    @Override
    public void accept(int index, GenerationEvent event) {
        choices.get(index).accept(event);
        endIfAllEnded();
    }

    private void endIfAllEnded() {
        if (complete || !choices.stream().allMatch(ChoiceProgress::hasEnded)) {
            return;
        }
        complete = true;
        byte[] body = renderer.whole(choices.stream().map(ChoiceProgress::take).toList());
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
