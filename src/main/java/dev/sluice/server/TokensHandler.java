package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.openai.TokenService;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/// `POST /tokenize` and `POST /detokenize`.
///
/// @param call which of the two
record TokensHandler(ServerState state, BiFunction<TokenService, byte[], byte[]> call)
        implements BiConsumer<RoutingContext, RequestBody> {

    /// The answer is about as large as the body, and counts as it until it is sent.
    @Override
    public void accept(RoutingContext ctx, RequestBody body) {
        try {
            body.use(bytes -> state.withTokens(bytes, call).compose(json -> send(ctx, json)))
                    .onFailure(cause -> ErrorResponses.send(ctx, cause));
        } catch (ApiException refusal) {
            ErrorResponses.send(ctx, refusal);
        }
    }

    /// Nothing is left to do if the client is gone.
    private Future<Void> send(RoutingContext ctx, byte[] json) {
        ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, WholeBody.JSON);
        return PacedBody.send(
                        ctx.vertx(),
                        ctx.request(),
                        Buffer.buffer(json),
                        state.options().stallTimeout())
                .otherwiseEmpty();
    }
}
