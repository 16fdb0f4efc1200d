package dev.sluice.server;

import dev.sluice.bus.Generation;
import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.openai.AnswerProgress;
import dev.sluice.openai.ChunkRenderer;
import dev.sluice.openai.PreparedRequest;
import dev.sluice.openai.WholeRenderer;

import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One request for a generation, from the body to the end of the answer. Lives on the event loop of
/// its connection.
///
/// Holds one of the server's places for generations, and gives it back once, at its end: when the
/// answer is complete, when it failed, or when the client left. The latter two cancel what runs.
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final RoutingContext ctx;
    private final ServerState state;
    private final Places.Place place;
    private final HttpServerResponse response;
    private final long startNanos = System.nanoTime();
    private final List<Generation> generations = new ArrayList<>();
    private Optional<PreparedRequest> request = Optional.empty();
    private Optional<Answer> answer = Optional.empty();
    private boolean over;

    private Exchange(RoutingContext ctx, ServerState state, Places.Place place) {
        this.ctx = ctx;
        this.state = state;
        this.place = place;
        this.response = ctx.response();
    }

    /// Serves a request whose body was read.
    ///
    /// @throws ApiException if the server can't take it now
    static void serve(
            RoutingContext ctx, ServerState state, PreparedRequest.Kind kind, RequestBody body) {
        Exchange exchange = new Exchange(ctx, state, state.places().take());
        ctx.addEndHandler(_ -> exchange.responseOver());
        exchange.place
                .turn()
                .compose(_ -> body.use(bytes -> state.prepare(kind, bytes)))
                .compose(exchange::submit)
                .onFailure(exchange::fail);
    }

    /// Fails also where the answer can't be made.
    private Future<Void> submit(PreparedRequest prepared) {
        if (over) {
            return Future.succeededFuture();
        }
        request = Optional.of(prepared);
        Answer target = answerTo(prepared);
        answer = Optional.of(target);
        List<Future<Generation>> accepted = new ArrayList<>();
        for (GenerationRequest sequence : prepared.sequences()) {
            int index = accepted.size();
            Generation generation = state.engine().begin(sequence, event -> take(index, event));
            generations.add(generation);
            accepted.add(generation.accepted().onSuccess(this::remark));
        }
        return Future.all(accepted).onSuccess(_ -> begin(target)).mapEmpty();
    }

    private Answer answerTo(PreparedRequest prepared) {
        AnswerProgress progress = new AnswerProgress(prepared);
        return prepared.stream()
                ? new SseWriter(
                        ctx.vertx(),
                        response,
                        new ChunkRenderer(prepared),
                        progress,
                        state.options(),
                        this::hangUp,
                        this::fail)
                : new WholeAnswer(
                        ctx.vertx(),
                        ctx.request(),
                        new WholeRenderer(prepared),
                        progress,
                        state.answers(),
                        state.options().stallTimeout(),
                        this::fail);
    }

    /// Leaves a client that does not keep up.
    private void hangUp() {
        if (!over) {
            generations.forEach(Generation::cancel);
            end("slow client");
        }
        ClientConnection.hangUp(ctx.vertx(), ctx.request(), state.options().stallTimeout());
    }

    private void remark(Generation generation) {
        if (!generation.remarks().isEmpty() && !response.headWritten()) {
            response.putHeader(Remarks.HEADER, Remarks.value(generation.remarks()));
        }
    }

    private void begin(Answer target) {
        if (!over) {
            target.begin();
        }
    }

    private void take(int index, GenerationEvent event) {
        if (over) {
            return;
        }
        if (event instanceof GenerationEvent.Failed failed) {
            fail(failed.cause());
            return;
        }
        try {
            if (answer.isPresent()) {
                answer.get().accept(index, event);
            }
        } catch (RuntimeException fault) {
            // A parser need not be ours. The client gets an error, and not an open connection.
            fail(fault);
        }
    }

    private void fail(Throwable cause) {
        if (over) {
            return;
        }
        generations.forEach(Generation::cancel);
        Throwable named = withField(cause);
        if (response.headWritten()) {
            leave("failed");
            answer.ifPresent(a -> a.fail(ErrorResponses.body(named, RequestIds.of(ctx))));
        } else {
            end("failed");
            ErrorResponses.send(ctx, named);
        }
    }

    /// The engine knows the prompt by one name only.
    private Throwable withField(Throwable cause) {
        String field = request.map(PreparedRequest::promptField).orElse("");
        return cause instanceof ApiException.InvalidRequest e
                        && e.param().filter("prompt"::equals).isPresent()
                        && !field.isEmpty()
                ? new ApiException.InvalidRequest(e.text(), field, e.code())
                : cause;
    }

    /// Called when the response is ended or closed, whichever is first.
    private void responseOver() {
        if (over) {
            return;
        }
        if (answer.filter(Answer::isComplete).isPresent()) {
            end("complete");
        } else {
            generations.forEach(Generation::cancel);
            end("client gone");
        }
    }

    private void end(String how) {
        answer.ifPresent(Answer::close);
        leave(how);
    }

    /// Leaves the rest to the answer.
    private void leave(String how) {
        over = true;
        place.giveBack();
        LOG.debug(
                "request={} id={} stream={} choices={} ms={} end={} metadata={}",
                RequestIds.of(ctx),
                request.map(PreparedRequest::id).orElse("-"),
                request.map(PreparedRequest::stream).orElse(false),
                request.map(r -> r.sequences().size()).orElse(0),
                (System.nanoTime() - startNanos) / 1_000_000,
                how,
                request.flatMap(PreparedRequest::metadata).orElse("-"));
    }
}
