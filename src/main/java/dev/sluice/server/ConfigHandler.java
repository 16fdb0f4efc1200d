package dev.sluice.server;

import dev.sluice.bus.EngineInfo;

import io.vertx.core.Handler;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/// `GET /config-info`: the settings that hold, without secrets, and the device in words once the
/// model is loaded.
record ConfigHandler(ServerState state) implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        state.engine()
                .info()
                .onSuccess(info -> answer(ctx, info))
                .onFailure(cause -> ErrorResponses.send(ctx, cause));
    }

    private void answer(RoutingContext ctx, EngineInfo info) {
        JsonObject settings = new JsonObject(state.options().settings()).copy();
        info.serving().ifPresent(serving -> settings.put("device_in_use", serving.device()));
        WholeBody.send(ctx, settings);
    }
}
