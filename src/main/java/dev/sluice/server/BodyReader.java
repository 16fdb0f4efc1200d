package dev.sluice.server;

import dev.sluice.engine.ApiException;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;

/// Reads the body of one request, as far as the server has room for it. Lives on the event loop of
/// its connection.
final class BodyReader {
    private static final int RETRY_AFTER_SECONDS = 1;

    /// A client that still writes does not read, and would lose the answer if it were cut off.
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final RoutingContext ctx;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final BodyOptions options;
    private final BodyBudget budget;
    private final RequestBody body;
    private final BiConsumer<RoutingContext, RequestBody> next;
    private boolean over;

    private BodyReader(
            RoutingContext ctx, ServerState state, BiConsumer<RoutingContext, RequestBody> next) {
        this.ctx = ctx;
        this.request = ctx.request();
        this.response = ctx.response();
        this.options = state.options().bodies();
        this.budget = state.bodies();
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
        ctx.addEndHandler(_ -> leave());
        request.handler(this::take).endHandler(_ -> complete()).exceptionHandler(ctx::fail);
        if (expects()) {
            // Nothing is left to do if the client is gone.
            response.writeContinue();
        }
    }

    private void take(Buffer chunk) {
        if (over) {
            return;
        }
        if (body.size() + chunk.length() > options.maxBytes()) {
            refuse(tooLarge());
        } else if (!body.add(chunk)) {
            refuse(noRoom());
        }
    }

    private void complete() {
        if (over) {
            return;
        }
        over = true;
        try {
            next.accept(ctx, body);
        } catch (RuntimeException fault) {
            ctx.fail(fault);
        }
    }

    /// The response is ended or closed.
    private void leave() {
        over = true;
        body.close();
    }

    /// Answers instead of reading on, and drops what still comes, until it ends or takes too long.
    private void refuse(ApiException why) {
        over = true;
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
        long timer = ctx.vertx().setTimer(LAST_WORDS.toMillis(), _ -> request.connection().close());
        request.endHandler(_ -> {
            ctx.vertx().cancelTimer(timer);
            request.connection().close();
        });
    }

    private ApiException tooLarge() {
        return new ApiException.TooLarge(
                "The body is larger than the %d bytes that this server takes (--max-request-bytes)."
                        .formatted(options.maxBytes()));
    }

    private static ApiException noRoom() {
        return new ApiException.Overloaded(
                "The bodies of other requests take all the memory that is kept for them;"
                        + " try again later.",
                RETRY_AFTER_SECONDS);
    }
}
