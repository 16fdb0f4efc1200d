package dev.sluice.server;

import dev.sluice.engine.ApiException;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.StreamResetException;
import io.vertx.ext.web.RoutingContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/// Reads the body of one request, as far as the server has room for it. Lives on the event loop of
/// its connection.
final class BodyReader {
    private static final Logger LOG = LoggerFactory.getLogger(BodyReader.class);
    private static final int RETRY_AFTER_SECONDS = 1;

    /// A client that still writes does not read, and would lose the answer if it were cut off.
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final RoutingContext ctx;
    private final Context context;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final BodyOptions options;
    private final ByteBudget budget;
    private final Set<BodyReader> uploads;
    private final RequestBody body;
    private final BiConsumer<RoutingContext, RequestBody> next;
    private long lastByteNanos = System.nanoTime();
    private OptionalLong timer = OptionalLong.empty();
    private boolean over;

    private BodyReader(
            RoutingContext ctx, ServerState state, BiConsumer<RoutingContext, RequestBody> next) {
        this.ctx = ctx;
        this.context = ctx.vertx().getOrCreateContext();
        this.request = ctx.request();
        this.response = ctx.response();
        this.options = state.options().bodies();
        this.budget = state.bodies();
        this.uploads = state.uploads();
        this.body = new RequestBody(budget);
        this.next = next;
    }

    /// Reads bodies.
    ///
    /// @param next gets each that is whole; it need not close it
    static Handler<RoutingContext> before(
            ServerState state, BiConsumer<RoutingContext, RequestBody> next) {
        return ctx -> new BodyReader(ctx, state, next).begin();
    }

    private void begin() {
        long declared = declared();
        if (declared > options.maxBytes()) {
            refuse(tooLarge());
        } else if (!budget.has(declared)) {
            refuse(noRoom());
        } else if (expects() && !isContinueExpected()) {
            over = true;
            ErrorResponses.sendUnknownExpectation(ctx);
        } else {
            read();
        }
    }

    private long declared() {
        String length =
                Optional.ofNullable(request.getHeader(HttpHeaders.CONTENT_LENGTH)).orElse("0");
        try {
            return Long.parseLong(length);
        } catch (NumberFormatException _) {
            // Too large for a long; what is no number at all doesn't get here.
            return Long.MAX_VALUE;
        }
    }

    /// Clients of HTTP/1.0 can't expect anything.
    private boolean expects() {
        return request.version() != HttpVersion.HTTP_1_0
                && request.headers().contains(HttpHeaders.EXPECT);
    }

    private boolean isContinueExpected() {
        return request.headers().contains(HttpHeaders.EXPECT, HttpHeaders.CONTINUE, true);
    }

    private void read() {
        uploads.add(this);
        ctx.addEndHandler(_ -> leave());
        request.handler(this::take).endHandler(_ -> complete()).exceptionHandler(this::fail);
        watch(options.patience().toNanos());
        if (expects()) {
            // Nothing is left to do if the client is gone.
            response.writeContinue();
        }
    }

    private void watch(long nanos) {
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos) + 1;
        timer = OptionalLong.of(ctx.vertx().setTimer(millis, _ -> look()));
    }

    private void look() {
        long left = options.patience().toNanos() - (System.nanoTime() - lastByteNanos);
        if (left > 0) {
            watch(left);
        } else {
            refuse(tooSlow());
        }
    }

    private void take(Buffer chunk) {
        if (over) {
            return;
        }
        lastByteNanos = System.nanoTime();
        if (body.size() + chunk.length() > options.maxBytes()) {
            refuse(tooLarge());
        } else if (!body.add(chunk)) {
            refuse(noRoom());
        }
    }

    /// A client that left gets nothing, and its place is given back as the response is closed.
    private void fail(Throwable cause) {
        boolean left =
                cause instanceof HttpClosedException
                        || cause instanceof StreamResetException
                        || cause instanceof IOException;
        LOG.debug("request={} body given up: {}", RequestIds.of(ctx), String.valueOf(cause));
        if (left) {
            leave();
        } else if (!response.headWritten()) {
            // Also where the fault has ended the rest of the request already.
            refuse(malformed());
            // Orderly, so that the answer goes out: the connection is about to be cut off.
            request.connection().close();
        }
    }

    private void complete() {
        if (over) {
            return;
        }
        stop();
        try {
            next.accept(ctx, body);
        } catch (RuntimeException fault) {
            ctx.fail(fault);
        }
    }

    private void stop() {
        over = true;
        uploads.remove(this);
        timer.ifPresent(ctx.vertx()::cancelTimer);
    }

    /// Ends a request that is not whole when the server stops. Any thread.
    void giveUp() {
        context.runOnContext(_ -> {
            if (over) {
                return;
            }
            refuse(new ApiException.Draining("The server is shutting down."));
            if (request.version() != HttpVersion.HTTP_2) {
                request.connection().close();
            }
        });
    }

    /// The response is ended or closed.
    private void leave() {
        stop();
        body.close();
    }

    /// Answers instead of reading on, and drops what still comes, until it ends or takes too long.
    private void refuse(ApiException why) {
        stop();
        body.close();
        boolean several = request.version() == HttpVersion.HTTP_2;
        if (!several) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        ErrorResponses.send(ctx, why);
        if (several) {
            // Without an error, which would be the connection's.
            response.reset(0);
            return;
        }
        long end = ctx.vertx().setTimer(LAST_WORDS.toMillis(), _ -> request.connection().close());
        request.endHandler(_ -> {
            ctx.vertx().cancelTimer(end);
            request.connection().close();
        });
    }

    private ApiException tooLarge() {
        return new ApiException.TooLarge(
                "The body is larger than the %d bytes that this server takes (--max-request-bytes)."
                        .formatted(options.maxBytes()));
    }

    private ApiException tooSlow() {
        return new ApiException.WaitedTooLong(
                "Nothing of the body came for %d ms.".formatted(options.patience().toMillis()));
    }

    private static ApiException malformed() {
        return new ApiException.InvalidRequest(
                "The body is not framed as HTTP has it.", "", "invalid_value");
    }

    private static ApiException noRoom() {
        return new ApiException.Overloaded(
                "The bodies of other requests take all the memory that is kept for them;"
                        + " try again later.",
                RETRY_AFTER_SECONDS);
    }
}
