package dev.sluice.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

import java.time.Duration;
import java.util.Set;

/// Counts and times HTTP requests. Safe for use by several threads.
final class HttpMetrics {
    private static final String MODEL = "/v1/models/";
    private static final String OTHER = "other";

    /// As proxies count them.
    private static final int CLIENT_GONE = 499;

    /// Others are one: a client could make a series of each.
    private static final Set<String> PATHS =
            Set.of(
                    "/v1/chat/completions",
                    "/v1/completions",
                    "/v1/models",
                    "/tokenize",
                    "/detokenize",
                    "/version",
                    "/config-info",
                    "/openapi.json");

    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private static final Set<String> UNCOUNTED = Set.of("/health", "/metrics", "/ping", "/load");
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30),
        Duration.ofMinutes(1),
        Duration.ofMinutes(5)
    };

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /// Watches a request until its response is ended or closed.
    void watch(RoutingContext ctx) {
        String path = ctx.request().path();
        if (!UNCOUNTED.contains(path)) {
            long start = System.nanoTime();
            ctx.addEndHandler(_ -> record(ctx, start));
        }
        ctx.next();
    }

    private void record(RoutingContext ctx, long start) {
        String method = known(METHODS, ctx.request().method().name());
        String asked = ctx.request().path();
        String path = asked.startsWith(MODEL) ? MODEL + "{id}" : known(PATHS, asked);
        Counter.builder("sluice.http.requests")
                .description("HTTP requests that were answered or given up")
                .tag("method", method)
                .tag("path", path)
                .tag("status_code", Integer.toString(status(ctx.response())))
                .register(registry)
                .increment();
        Timer.builder("sluice.http.request.duration")
                .description("Time from a request to the end of its response")
                .tag("method", method)
                .tag("path", path)
                .serviceLevelObjectives(BUCKETS)
                .register(registry)
                .record(Duration.ofNanos(System.nanoTime() - start));
    }

    /// What was said to the client; a client that left before that has its own.
    private static int status(HttpServerResponse response) {
        return response.headWritten() ? response.getStatusCode() : CLIENT_GONE;
    }

    private static String known(Set<String> names, String name) {
        return names.contains(name) ? name : OTHER;
    }

    /// All of it in Prometheus' text format.
    String scrape() {
        return registry.scrape();
    }
}
