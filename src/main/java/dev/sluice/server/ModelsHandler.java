package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.openai.ServedModel;

import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;

/// `GET /v1/models` and `GET /v1/models/NAME`; a name may hold slashes.
record ModelsHandler(ServerState state) implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        try {
            Optional<String> name = Optional.ofNullable(ctx.pathParam("*"));
            JsonObject model = describe(state.model());
            if (name.isPresent() && !name.get().equals(model.getString("id"))) {
                throw new ApiException.NotFound(
                        "Unsupported model: [%s], support [%s]"
                                .formatted(name.get(), model.getString("id")));
            }
            JsonObject list =
                    new JsonObject().put("object", "list").put("data", new JsonArray().add(model));
            WholeBody.send(ctx, name.isPresent() ? model : list);
        } catch (ApiException refusal) {
            ErrorResponses.send(ctx, refusal);
        }
    }

    private static JsonObject describe(ServedModel model) {
        long created = model.created().getEpochSecond();
        return new JsonObject()
                .put("id", model.publicName())
                .put("object", "model")
                .put("created", created)
                .put("owned_by", "sluice")
                .put("root", model.root())
                .putNull("parent")
                .put("max_model_len", model.maxModelLen())
                .put("permission", new JsonArray().add(permission(model, created)));
    }

    private static JsonObject permission(ServedModel model, long created) {
        UUID id = UUID.nameUUIDFromBytes(model.publicName().getBytes(StandardCharsets.UTF_8));
        return new JsonObject()
                .put("id", "modelperm-" + id.toString().replace("-", ""))
                .put("object", "model_permission")
                .put("created", created)
                .put("allow_create_engine", false)
                .put("allow_sampling", true)
                .put("allow_logprobs", true)
                .put("allow_search_indices", false)
                .put("allow_view", true)
                .put("allow_fine_tuning", false)
                .put("organization", "*")
                .putNull("group")
                .put("is_blocking", false);
    }
}
