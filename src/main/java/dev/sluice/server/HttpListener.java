package dev.sluice.server;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.ext.web.Router;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;

/// One event loop of a server. Several listen on the same port and share the connections.
///
/// Speaks HTTP/1.1 and HTTP/2: over TLS as the client chooses while shaking hands, in plain text
/// with prior knowledge or by an upgrade.
final class HttpListener extends VerticleBase {
    /// So that a client that reads slowly is felt after 200 KB, not after megabytes.
    private static final int SEND_BUFFER = 64 * 1024;

    private static final int MAX_HTTP2_STREAMS = 256;

    /// All streams of a connection may be given up some times in a window (of 30 s), as a client
    /// does that leaves a page; beyond that it floods, and loses its connection.
    private static final int MAX_HTTP2_RESETS = 16 * MAX_HTTP2_STREAMS;

    private static final int BACKLOG = 1024;

    /// Before the routes of [Routes].
    private static final int FIRST = -1;

    private static final Duration LAST_BYTES = Duration.ofSeconds(10);

    /// Below that a packet is a packet.
    private static final int MIN_COMPRESSED_BYTES = 1024;

    /// The fastest level: this is the event loop.
    private static final int COMPRESSION_LEVEL = 1;

    private final ServerState state;
    private final int port;
    private final BiFunction<Vertx, ServerState, Router> routes;
    private final IntConsumer listening;
    private Optional<HttpServer> server = Optional.empty();
    private Optional<Connections> connections = Optional.empty();

    /// @param port may be 0 for any that is free
    /// @param routes what is served
    /// @param listening gets the port once it is open
    HttpListener(
            ServerState state,
            int port,
            BiFunction<Vertx, ServerState, Router> routes,
            IntConsumer listening) {
        this.state = state;
        this.port = port;
        this.routes = routes;
        this.listening = listening;
    }

    @Override
    public Future<?> start() {
        Connections all = new Connections(vertx, state.options().listen().idleTimeout());
        Router router = routes.apply(vertx, state);
        router.route().order(FIRST).handler(all::watch);
        HttpServer created =
                vertx.createHttpServer(options())
                        .connectionHandler(connection -> {
                            EventChunks.install(connection);
                            all.add(connection);
                        })
                        .invalidRequestHandler(ErrorResponses::refuse)
                        .requestHandler(router);
        connections = Optional.of(all);
        server = Optional.of(created);
        return created.listen().onSuccess(open -> listening.accept(open.actualPort()));
    }

    private HttpServerOptions options() {
        HttpServerOptions options =
                new HttpServerOptions()
                        .setHost(state.options().host())
                        .setPort(port)
                        .setAcceptBacklog(BACKLOG)
                        // So that a client whose machine is gone is missed at some time.
                        .setTcpKeepAlive(true)
                        // Nothing is written before the first head is whole; Connections takes over
                        // from there.
                        .setWriteIdleTimeout(
                                Math.toIntExact(state.options().listen().idleTimeout().toMillis()))
                        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                        .setSendBufferSize(SEND_BUFFER)
                        .setCompressionSupported(true)
                        .setCompressionLevel(COMPRESSION_LEVEL)
                        .setCompressionContentSizeThreshold(MIN_COMPRESSED_BYTES)
                        .setInitialSettings(
                                new Http2Settings().setMaxConcurrentStreams(MAX_HTTP2_STREAMS))
                        .setHttp2RstFloodMaxRstFramePerWindow(MAX_HTTP2_RESETS);
        state.options()
                .listen()
                .tls()
                .ifPresent(files ->
                        options.setSsl(true)
                                .setUseAlpn(true)
                                .setAlpnVersions(
                                        List.of(
                                                HttpVersion.HTTP_2,
                                                HttpVersion.HTTP_1_1,
                                                HttpVersion.HTTP_1_0))
                                .setKeyCertOptions(
                                        new PemKeyCertOptions()
                                                .setKeyPath(files.key())
                                                .setCertPath(files.certificate())));
        return options;
    }

    /// Answers that are under way get their last bytes out; who has not sent his request by now is
    /// not waited for.
    @Override
    public Future<?> stop() {
        state.uploads().forEach(BodyReader::giveUp);
        // Before the server's own, which drops what a connection has not sent.
        connections.ifPresent(all -> all.shutDown(LAST_BYTES));
        return server.isEmpty() ? Future.succeededFuture() : server.get().shutdown(LAST_BYTES);
    }
}
