package dev.sluice.server;

import dev.sluice.openai.PreparedRequest.Kind;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntConsumer;

/// One event loop of a server. Several listen on the same port and share the connections.
final class HttpListener extends VerticleBase {
    /// So that a client that reads slowly is felt after 200 KB, not after megabytes.
    private static final int SEND_BUFFER = 64 * 1024;

    private static final int MAX_HTTP2_STREAMS = 256;
    private static final int BACKLOG = 1024;
    private static final Duration LAST_BYTES = Duration.ofSeconds(10);

    private final ServerState state;
    private final int port;
    private final IntConsumer listening;
    private Optional<HttpServer> server = Optional.empty();

    /// @param port may be 0 for any that is free
    /// @param listening gets the port once it is open
    HttpListener(ServerState state, int port, IntConsumer listening) {
        this.state = state;
        this.port = port;
        this.listening = listening;
    }

    @Override
    public Future<?> start() {
        HttpServerOptions options =
                new HttpServerOptions()
                        .setHost(state.options().host())
                        .setPort(port)
                        .setAcceptBacklog(BACKLOG)
                        .setSendBufferSize(SEND_BUFFER)
                        .setHandle100ContinueAutomatically(true)
                        .setInitialSettings(
                                new Http2Settings().setMaxConcurrentStreams(MAX_HTTP2_STREAMS));
        HttpServer created = vertx.createHttpServer(options).requestHandler(router());
        server = Optional.of(created);
        return created.listen().onSuccess(open -> listening.accept(open.actualPort()));
    }

    private Router router() {
        Router router = Router.router(vertx);
        ErrorResponses.install(router, state.options().maxRequestBytes());
        router.route().handler(RequestIds::assign);
        router.route().handler(state.metrics()::watch);
        generation(router, "/v1/chat/completions", Kind.CHAT);
        generation(router, "/v1/completions", Kind.COMPLETION);
        router.get("/v1/models").handler(new ModelsHandler(state));
        router.get("/v1/models/*").handler(new ModelsHandler(state));
        router.get("/health").handler(new HealthHandler(state));
        router.head("/health").handler(new HealthHandler(state));
        router.get("/metrics").handler(new MetricsHandler(state));
        return router;
    }

    private void generation(Router router, String path, Kind kind) {
        long limit = state.options().maxRequestBytes();
        router.post(path).handler(HttpListener::checkType);
        router.post(path).handler(BodyHandler.create(false).setBodyLimit(limit));
        router.post(path).handler(new GenerationHandler(state, kind));
    }

    /// A body without a type is taken for JSON.
    private static void checkType(RoutingContext ctx) {
        String type =
                Optional.ofNullable(ctx.request().getHeader(HttpHeaders.CONTENT_TYPE)).orElse("");
        String media = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        boolean json =
                media.isEmpty()
                        || media.equals("application/json")
                        || (media.startsWith("application/") && media.endsWith("+json"));
        if (json) {
            ctx.next();
        } else {
            ErrorResponses.sendUnsupportedType(ctx, media);
        }
    }

    /// Answers that are under way get their last bytes out.
    @Override
    public Future<?> stop() {
        return server.isEmpty() ? Future.succeededFuture() : server.get().shutdown(LAST_BYTES);
    }
}
