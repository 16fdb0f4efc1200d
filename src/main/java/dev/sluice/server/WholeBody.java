package dev.sluice.server;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/// Answers whose body is at hand.
final class WholeBody {
    /// The type of JSON.
    static final String JSON = "application/json";

    private WholeBody() {}

    /// Ends a response with a body; for `HEAD` only with its length.
    static void send(RoutingContext ctx, String type, Buffer body) {
        HttpServerResponse response = ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, type);
        // Nothing is left to do if the client is gone.
        if (ctx.request().method().equals(HttpMethod.HEAD)) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length())).end();
        } else {
            response.end(body);
        }
    }

    /// Ends a response with JSON.
    static void send(RoutingContext ctx, JsonObject body) {
        send(ctx, JSON, body.toBuffer());
    }
}
