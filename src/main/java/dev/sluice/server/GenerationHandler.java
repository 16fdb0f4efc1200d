package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.openai.PreparedRequest;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/// `POST /v1/chat/completions` and `POST /v1/completions`.
///
/// @param kind which of the two
record GenerationHandler(ServerState state, PreparedRequest.Kind kind)
        implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        try {
            Exchange.serve(ctx, state, kind);
        } catch (ApiException refusal) {
            ErrorResponses.send(ctx, refusal);
        }
    }
}
