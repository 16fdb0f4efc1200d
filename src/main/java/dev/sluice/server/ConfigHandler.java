package dev.sluice.server;

import dev.sluice.bus.EngineInfo;

import io.vertx.core.Handler;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/// `GET /config-info`: the settings that hold, without secrets, and once the model is loaded those
/// that it decided, with the device in words.
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
        info.serving().ifPresent(serving -> addDecided(settings, serving));
        WholeBody.send(ctx, settings);
    }

    private static void addDecided(JsonObject settings, EngineInfo.Serving serving) {
        if (!settings.containsKey("model")) {
            settings.put("model", serving.model());
        }
        settings.put("max_model_len", serving.maxModelLen())
                .put("kv_tokens", serving.kvTokens())
                .put("device_in_use", serving.device());
    }
}
