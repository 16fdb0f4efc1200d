package dev.sluice.server;

import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

import java.util.Optional;

/// `GET /version`: the version of the jar, or `development` when the classes lie in a directory.
final class VersionHandler {
    /// The version.
    static final String VERSION =
            Optional.ofNullable(VersionHandler.class.getPackage().getImplementationVersion())
                    .orElse("development");

    private VersionHandler() {}

    static void handle(RoutingContext ctx) {
        WholeBody.send(ctx, new JsonObject().put("version", VERSION));
    }
}
