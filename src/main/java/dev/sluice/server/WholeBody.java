package dev.sluice.server;

import io.vertx.core.Future;
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
    ///
    /// @return completes once it was handed to the network; fails if the client is gone, when
    ///   nothing is left to do
    static Future<Void> send(RoutingContext ctx, String type, Buffer body) {
        HttpServerResponse response = ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, type);
        if (ctx.request().method().equals(HttpMethod.HEAD)) {
            return response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()))
                    .end();
        }
        return response.end(body);
    }

    /// Ends a response with JSON.
    static void send(RoutingContext ctx, JsonObject body) {
        // Nothing is left to do if the client is gone.
        send(ctx, JSON, body.toBuffer());
    }
}
