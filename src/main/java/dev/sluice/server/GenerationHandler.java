package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.openai.PreparedRequest;

import io.vertx.ext.web.RoutingContext;

import java.util.function.BiConsumer;

/// `POST /v1/chat/completions` and `POST /v1/completions`.
///
/// @param kind which of the two
record GenerationHandler(ServerState state, PreparedRequest.Kind kind)
        implements BiConsumer<RoutingContext, RequestBody> {

    @Override
    public void accept(RoutingContext ctx, RequestBody body) {
        try {
            Exchange.serve(ctx, state, kind, body);
        } catch (ApiException refusal) {
            ErrorResponses.send(ctx, refusal);
        }
    }
}
