package dev.sluice.server;

import dev.sluice.bus.EngineInfo;
import dev.sluice.engine.ApiException;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;

/// `GET` and `HEAD` of `/health`: succeeds with an empty body when a request would be served now.
record HealthHandler(ServerState state) implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        state.engine()
                .info()
                .onSuccess(info -> answer(ctx, info))
                .onFailure(cause -> ErrorResponses.send(ctx, cause));
    }

    private void answer(RoutingContext ctx, EngineInfo info) {
        if (info.isReady() && state.isReady()) {
            // Nothing is left to do if the client is gone.
            ctx.end();
        } else {
            EngineInfo.Status status = info.isReady() ? EngineInfo.Status.LOADING : info.status();
            ErrorResponses.send(
                    ctx,
                    new ApiException.Draining(
                            switch (status) {
                                case LOADING, READY -> "The model is still being loaded.";
                                case DRAINING -> "The server is shutting down.";
                                case STOPPED -> "The engine has stopped.";
                            }));
        }
    }
}
