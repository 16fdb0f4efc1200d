package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.AnswerProgress;
import dev.sluice.openai.WholeRenderer;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

import java.time.Duration;
import java.util.function.Consumer;

/// Collects all choices and answers once. A large answer is written on a worker thread: log
/// probabilities of a long one are megabytes of text.
final class WholeAnswer implements Answer {
    /// A log probability of 76 characters is held in about 256 bytes, and written up to three
    /// times.
    private static final int BYTES_PER_CHAR = 4;

    /// Events between two looks at how the answer has grown.
    private static final int EVENTS_PER_LOOK = 16;

    private static final int RETRY_AFTER_SECONDS = 1;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final WholeRenderer renderer;
    private final AnswerProgress progress;
    private final ByteBudget budget;
    private final Duration stallTimeout;
    private final Consumer<Throwable> fault;
    private long held;
    private int events;
    private boolean begun;
    private boolean closed;
    private boolean complete;

    /// @param budget of all such answers; this one's part is given back when it is closed
    /// @param stallTimeout how long a client may take nothing of the answer
    /// @param fault is told if the answer can't be written
    WholeAnswer(
            Vertx vertx,
            HttpServerRequest request,
            WholeRenderer renderer,
            AnswerProgress progress,
            ByteBudget budget,
            Duration stallTimeout,
            Consumer<Throwable> fault) {
        this.vertx = vertx;
        this.request = request;
        this.renderer = renderer;
        this.progress = progress;
        this.budget = budget;
        this.stallTimeout = stallTimeout;
        this.fault = fault;
    }

    @Override
    public void begin() {
        endIfAllEnded();
    }

    @Override
    public void accept(int index, GenerationEvent event) {
        progress.accept(index, event);
        if (++events % EVENTS_PER_LOOK == 0) {
            hold();
        }
        endIfAllEnded();
    }

    /// Takes memory for what the answer has grown by.
    ///
    /// @throws ApiException.Overloaded if there is none left
    private void hold() {
        long more = BYTES_PER_CHAR * progress.heldSize() - held;
        if (more > 0 && !budget.take(more)) {
            throw new ApiException.Overloaded(
                    "Answers that are not streamed take all the memory that is kept for them. Try"
                            + " again later, stream, or ask for fewer choices, tokens or log"
                            + " probabilities.",
                    RETRY_AFTER_SECONDS);
        }
        held += Math.max(0, more);
    }

    private void endIfAllEnded() {
        if (begun || !progress.hasEnded()) {
            return;
        }
        begun = true;
        if (progress.wholeSize() > Answer.MAX_CHARS_ON_EVENT_LOOP) {
            // No event follows, so the progress changes hands.
            vertx.executeBlocking(() -> renderer.body(progress), false)
                    .onSuccess(this::send)
                    .onFailure(fault::accept);
        } else {
            send(renderer.body(progress));
        }
    }

    private void send(byte[] body) {
        if (closed) {
            return;
        }
        complete = true;
        // Nothing is left to do if the client is gone.
        request.response().putHeader(HttpHeaders.CONTENT_TYPE, WholeBody.JSON);
        PacedBody.send(vertx, request, Buffer.buffer(body), stallTimeout);
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
    public void close() {
        closed = true;
        budget.giveBack(held);
        held = 0;
    }
}
