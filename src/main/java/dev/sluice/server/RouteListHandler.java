package dev.sluice.server;

import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

import java.util.ArrayList;
import java.util.Map;
import java.util.Set;

/// `GET /load`: the routes below `/v1`. The name is FastDeploy's; it tells nothing of the load.
///
/// @param methods by path; read when asked, for routes may be added meanwhile
record RouteListHandler(Map<String, Set<String>> methods) implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext ctx) {
        JsonArray routes = new JsonArray();
        methods.forEach((path, names) -> {
            if (path.startsWith("/v1")) {
                routes.add(
                        new JsonObject()
                                .put("path", path)
                                .put("methods", new JsonArray(new ArrayList<>(names)))
                                .put("tags", new JsonArray()));
            }
        });
        WholeBody.send(ctx, new JsonObject().put("routes", routes));
    }
}
