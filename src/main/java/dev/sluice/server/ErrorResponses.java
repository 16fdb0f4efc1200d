package dev.sluice.server;

import dev.sluice.engine.ApiException;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// Turns failures into answers. The only place that knows status codes.
final class ErrorResponses {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorResponses.class);
    private static final String INVALID_REQUEST = "invalid_request_error";
    private static final String INVALID_VALUE = "invalid_value";

    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int TIMEOUT = 408;
    private static final int TOO_LARGE = 413;
    private static final int URI_TOO_LONG = 414;
    private static final int UNSUPPORTED_MEDIA_TYPE = 415;
    private static final int EXPECTATION_FAILED = 417;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int HEAD_TOO_LARGE = 431;
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;

    /// What a client is told.
    private record Problem(
            int status,
            String message,
            String type,
            Optional<String> param,
            Optional<String> code) {
        static Problem invalid(int status, String message, String code) {
            return new Problem(
                    status, message, INVALID_REQUEST, Optional.empty(), Optional.of(code));
        }

        JsonObject toJson() {
            JsonObject error =
                    new JsonObject()
                            .put("message", message)
                            .put("type", type)
                            .put("param", param.orElse(null))
                            .put("code", code.orElse(null));
            JsonObject body = new JsonObject().put("error", error);
            return status == TOO_MANY_REQUESTS ? body.put("detail", message) : body;
        }
    }

    private ErrorResponses() {}

    /// Makes a router answer what no route takes, and what a route fails with.
    ///
    /// @param methods that are taken at a path
    static void install(Router router, Function<String, Set<String>> methods) {
        router.errorHandler(BAD_REQUEST, ctx -> send(ctx, malformed()));
        router.errorHandler(FORBIDDEN, ctx -> send(ctx, wrongOrigin()));
        router.errorHandler(NOT_FOUND, ctx -> send(ctx, noRoute(ctx)));
        router.errorHandler(
                METHOD_NOT_ALLOWED,
                ctx -> {
                    Set<String> taken = methods.apply(ctx.normalizedPath());
                    ctx.response().putHeader("allow", String.join(", ", taken));
                    send(ctx, wrongMethod(ctx));
                });
        router.errorHandler(INTERNAL, ctx -> send(ctx, ctx.failure()));
    }

    /// Answers with what a failure means. Does nothing once an answer has begun.
    static void send(RoutingContext ctx, Throwable cause) {
        ApiException known = known(cause, RequestIds.of(ctx));
        if (known instanceof ApiException.Overloaded overloaded) {
            ctx.response()
                    .putHeader(
                            HttpHeaders.RETRY_AFTER,
                            Integer.toString(overloaded.retryAfterSeconds()));
        }
        send(ctx, problem(known));
    }

    /// Answers that a key is missing or wrong.
    static void sendUnauthorized(RoutingContext ctx) {
        ctx.response().putHeader("www-authenticate", "Bearer");
        send(
                ctx,
                coded(
                        UNAUTHORIZED,
                        "Invalid API key: send one as \"Authorization: Bearer KEY\".",
                        "authentication_error",
                        "invalid_api_key"));
    }

    private static Problem wrongOrigin() {
        return Problem.invalid(
                FORBIDDEN, "Pages of this origin may not ask (--cors-origin).", INVALID_VALUE);
    }

    /// Answers that the body is of a type that nobody here reads.
    static void sendUnsupportedType(RoutingContext ctx, String type) {
        send(
                ctx,
                Problem.invalid(
                        UNSUPPORTED_MEDIA_TYPE,
                        "Content-Type must be application/json, not %s.".formatted(type),
                        INVALID_VALUE));
    }

    /// Answers that the body is encoded in a way that nobody here reads.
    static void sendUnsupportedEncoding(RoutingContext ctx, String encoding) {
        ctx.response().putHeader(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
        send(
                ctx,
                Problem.invalid(
                        UNSUPPORTED_MEDIA_TYPE,
                        "Content-Encoding must be absent or identity, not %s.".formatted(encoding),
                        INVALID_VALUE));
    }

    /// Answers that the client expects what nobody here can do.
    static void sendUnknownExpectation(RoutingContext ctx) {
        send(
                ctx,
                Problem.invalid(
                        EXPECTATION_FAILED, "Expect may only be 100-continue.", INVALID_VALUE));
    }

    /// Answers a request whose head can't be read, and closes the connection.
    static void refuse(HttpServerRequest request) {
        Problem problem =
                switch (request.decoderResult().cause()) {
                    case TooLongHttpLineException _ ->
                            Problem.invalid(URI_TOO_LONG, "The URI is too long.", INVALID_VALUE);
                    case TooLongHttpHeaderException _ ->
                            Problem.invalid(
                                    HEAD_TOO_LARGE, "The headers are too large.", INVALID_VALUE);
                    default -> malformed();
                };
        // Nothing is left to do if the client is gone.
        request.response()
                .setStatusCode(problem.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, WholeBody.JSON)
                .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE)
                .end(problem.toJson().toBuffer());
        request.connection().close();
    }

    /// The body of an error, for a stream that has begun.
    static byte[] body(Throwable cause, String requestId) {
        return problem(known(cause, requestId)).toJson().toBuffer().getBytes();
    }

    private static void send(RoutingContext ctx, Problem problem) {
        HttpServerResponse response = ctx.response();
        if (response.headWritten() || response.closed()) {
            return;
        }
        // What the router refuses by itself comes to no route.
        RequestIds.give(ctx);
        response.setStatusCode(problem.status());
        WholeBody.send(ctx, problem.toJson());
    }

    private static ApiException known(Throwable cause, String requestId) {
        if (cause instanceof ApiException known) {
            return known;
        }
        LOG.error("request {} failed", requestId, cause);
        return new ApiException.Internal("Internal error; the server's log has the cause.");
    }

    private static Problem problem(ApiException cause) {
        String message = cause.text();
        return switch (cause) {
            case ApiException.InvalidRequest e ->
                    new Problem(
                            BAD_REQUEST,
                            message,
                            INVALID_REQUEST,
                            e.param(),
                            Optional.of(e.code()));
            case ApiException.NotFound _ ->
                    new Problem(
                            NOT_FOUND,
                            message,
                            INVALID_REQUEST,
                            Optional.of("model"),
                            Optional.of("model_not_support"));
            case ApiException.TooLarge _ -> Problem.invalid(TOO_LARGE, message, INVALID_VALUE);
            case ApiException.Overloaded _ ->
                    coded(TOO_MANY_REQUESTS, message, "rate_limit_error", "rate_limit_exceeded");
            case ApiException.WaitedTooLong _ ->
                    coded(TIMEOUT, message, "timeout_error", "timeout");
            case ApiException.Draining _ ->
                    coded(UNAVAILABLE, message, "server_error", "unavailable");
            case ApiException.Cancelled _ ->
                    coded(UNAVAILABLE, message, "server_error", "cancelled");
            case ApiException.Internal _ ->
                    coded(INTERNAL, message, "internal_error", "internal_error");
        };
    }

    private static Problem coded(int status, String message, String type, String code) {
        return new Problem(status, message, type, Optional.empty(), Optional.of(code));
    }

    private static Problem malformed() {
        return Problem.invalid(BAD_REQUEST, "The request is malformed.", INVALID_VALUE);
    }

    private static Problem noRoute(RoutingContext ctx) {
        return Problem.invalid(
                NOT_FOUND, "There is nothing at " + ctx.request().path() + ".", "not_found");
    }

    private static Problem wrongMethod(RoutingContext ctx) {
        return Problem.invalid(
                METHOD_NOT_ALLOWED,
                "%s does not take %s.".formatted(ctx.request().path(), ctx.request().method()),
                "method_not_allowed");
    }
}
