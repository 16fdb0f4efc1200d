package dev.sluice.server;

import dev.sluice.openai.ServedModel;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.OptionalInt;

/// Serves a model over HTTP.
///
/// Listens at once, also before the model is there: until then `/health` and requests are answered
/// with 503. Deploy it once; it brings as many event loops as the options say. The engine is found
/// on the event bus.
///
/// To shut down without losing an answer: drain the engine, which makes new requests get 503, then
/// undeploy this, then the engine.
///
/// Deployment fails with a [ListenException] if the address can't be had.
public final class HttpServerVerticle extends VerticleBase {
    private final ServerOptions options;
    private final Future<ServedModel> model;

    /// Written on the event loops before the deployment completes, read by anybody after it.
    private volatile int actualPort;

    /// Likewise.
    private volatile int actualMetricsPort;

    /// @param model completes once the model is loaded
    public HttpServerVerticle(ServerOptions options, Future<ServedModel> model) {
        this.options = options;
        this.model = model;
    }

    @Override
    public Future<?> start() {
        ServerState state = new ServerState(vertx, options, model);
        DeploymentOptions loops =
                new DeploymentOptions().setInstances(options.listen().eventLoops());
        try {
            int port = options.listen().eventLoops() > 1 ? onePort() : options.port();
            return vertx.deployVerticle(
                            () ->
                                    new HttpListener(
                                            state, port, Routes::all, open -> actualPort = open),
                            loops)
                    .compose(_ -> listenForMetrics(state))
                    .recover(cause -> Future.failedFuture(listenFailure(cause)));
        } catch (IOException e) {
            return Future.failedFuture(listenFailure(e));
        }
    }

    private Future<?> listenForMetrics(ServerState state) {
        OptionalInt port = options.listen().metricsPort();
        if (port.isEmpty()) {
            actualMetricsPort = actualPort;
            return Future.succeededFuture();
        }
        return vertx.deployVerticle(
                new HttpListener(
                        state,
                        port.getAsInt(),
                        Routes::onlyMetrics,
                        open -> actualMetricsPort = open));
    }

    /// Several event loops share a port only if they all name it, so that a free one must be found
    /// beforehand.
    private int onePort() throws IOException {
        if (options.port() != 0) {
            return options.port();
        }
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(options.host()))) {
            return free.getLocalPort();
        }
    }

    /// The port that is listened on; after deployment.
    public int actualPort() {
        return actualPort;
    }

    /// The port of the metrics; after deployment.
    public int actualMetricsPort() {
        return actualMetricsPort;
    }

    private Throwable listenFailure(Throwable cause) {
        if (cause instanceof BindException
                && String.valueOf(cause.getMessage()).contains("already in use")) {
            OptionalInt second = options.listen().metricsPort();
            boolean isSecond = actualPort != 0 && second.isPresent();
            return new ListenException(
                    "Port %d on %s is taken by another program; choose another one with %s."
                            .formatted(
                                    isSecond ? second.getAsInt() : options.port(),
                                    options.host(),
                                    isSecond ? "--metrics-port" : "--port"),
                    cause);
        }
        if (options.listen().tls().isPresent() && !(cause instanceof BindException)) {
            return new ListenException(
                    "--ssl-certfile and --ssl-keyfile can't be used: %s."
                            .formatted(cause.getMessage()),
                    cause);
        }
        return cause instanceof IOException
                ? new ListenException(
                        "Can't listen on %s: %s.".formatted(options.host(), cause.getMessage()),
                        cause)
                : cause;
    }
}
