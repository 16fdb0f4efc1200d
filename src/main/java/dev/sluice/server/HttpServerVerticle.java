package dev.sluice.server;

import dev.sluice.openai.ServedModel;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;

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
                            () -> new HttpListener(state, port, open -> actualPort = open), loops)
                    .recover(cause -> Future.failedFuture(listenFailure(cause)));
        } catch (IOException e) {
            return Future.failedFuture(listenFailure(e));
        }
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

    private Throwable listenFailure(Throwable cause) {
        if (cause instanceof BindException
                && String.valueOf(cause.getMessage()).contains("already in use")) {
            return new ListenException(
                    "Port %d on %s is taken by another program; choose another one with --port."
                            .formatted(options.port(), options.host()),
                    cause);
        }
        return cause instanceof IOException
                ? new ListenException(
                        "Can't listen on %s: %s.".formatted(options.host(), cause.getMessage()),
                        cause)
                : cause;
    }
}
