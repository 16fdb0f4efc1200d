package dev.sluice.server;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;

/// `GET /metrics`, in Prometheus' text format. What the engine counts is there once it is up.
record MetricsHandler(ServerState state) implements Handler<RoutingContext> {
    private static final String TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

    @Override
    public void handle(RoutingContext ctx) {
        Future<String> engine =
                state.engine()
                        .info()
                        .compose(info ->
                                state.engine()
                                        .stats()
                                        .map(stats -> EngineMetrics.write(stats, info)))
                        .otherwise("");
        engine.compose(text ->
                        ctx.vertx().executeBlocking(() -> text + state.metrics().scrape(), false))
                .onSuccess(text -> send(ctx, text))
                .onFailure(cause -> ErrorResponses.send(ctx, cause));
    }

    private static void send(RoutingContext ctx, String text) {
        WholeBody.send(ctx, TEXT_FORMAT, Buffer.buffer(text));
    }
}
