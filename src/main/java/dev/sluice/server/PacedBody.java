package dev.sluice.server;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;

/// Sends a large body piece by piece, each once the client has taken what was before it: so that
/// little of it is held beside the body itself, and a client that takes nothing for too long is cut
/// off. Lives on the event loop of the connection.
final class PacedBody {
    private static final Logger LOG = LoggerFactory.getLogger(PacedBody.class);

    /// Bytes of a piece. Smaller bodies are one.
    private static final int PIECE = 256 << 10;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final Buffer body;
    private final Duration stallTimeout;
    private int sent;

    private PacedBody(Vertx vertx, HttpServerRequest request, Buffer body, Duration stallTimeout) {
        this.vertx = vertx;
        this.request = request;
        this.body = body;
        this.stallTimeout = stallTimeout;
    }

    /// Ends a response with a body.
    ///
    /// @param stallTimeout how long a client may take nothing
    /// @return completes once all was handed to the network; fails if the client is gone or was cut
    ///   off, when nothing is left to do
    static Future<Void> send(
            Vertx vertx, HttpServerRequest request, Buffer body, Duration stallTimeout) {
        request.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
        return new PacedBody(vertx, request, body, stallTimeout).next();
    }

    private Future<Void> next() {
        HttpServerResponse response = request.response();
        int end = Math.min(body.length(), sent + PIECE);
        Buffer piece = body.slice(sent, end);
        boolean last = end == body.length();
        sent = end;
        long timer = vertx.setTimer(Math.max(1, stallTimeout.toMillis()), _ -> cutOff());
        return (last ? response.end(piece) : response.write(piece))
                .onComplete(_ -> vertx.cancelTimer(timer))
                .compose(_ -> last ? Future.succeededFuture() : next());
    }

    private void cutOff() {
        LOG.debug("a client that takes nothing of its answer is cut off");
        ClientConnection.hangUp(vertx, request, stallTimeout);
    }
}
