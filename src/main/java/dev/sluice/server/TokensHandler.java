package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.openai.TokenService;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;

import java.util.Optional;
import java.util.function.BiFunction;

/// `POST /tokenize` and `POST /detokenize`.
///
/// @param call which of the two
record TokensHandler(ServerState state, BiFunction<TokenService, byte[], byte[]> call)
        implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        byte[] body =
                Optional.ofNullable(ctx.body().buffer()).map(Buffer::getBytes).orElse(new byte[0]);
        try {
            state.withTokens(body, call)
                    .onSuccess(json -> WholeBody.send(ctx, WholeBody.JSON, Buffer.buffer(json)))
                    .onFailure(cause -> ErrorResponses.send(ctx, cause));
        } catch (ApiException refusal) {
            ErrorResponses.send(ctx, refusal);
        }
    }
}
