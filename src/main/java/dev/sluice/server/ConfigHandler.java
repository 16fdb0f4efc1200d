package dev.sluice.server;

import io.vertx.core.Handler;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/// `GET /config-info`: the settings that hold, without secrets.
record ConfigHandler(ServerState state) implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        WholeBody.send(ctx, new JsonObject(state.options().settings()));
    }
}
