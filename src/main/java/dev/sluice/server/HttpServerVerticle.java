package dev.sluice.server;

import dev.sluice.openai.ServedModel;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;

import java.io.IOException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;

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
    private volatile int actualPort;

    /// @param model completes once the model is loaded
    public HttpServerVerticle(ServerOptions options, Future<ServedModel> model) {
        this.options = options;
        this.model = model;
    }

    @Override
    public Future<?> start() {
        ServerState state = new ServerState(vertx, options, model);
        HttpListener first = new HttpListener(state, options.port());
        return vertx.deployVerticle(first)
                .recover(cause -> Future.failedFuture(listenFailure(cause)))
                .compose(_ -> startOthers(state, first.actualPort()));
    }

    private Future<?> startOthers(ServerState state, int port) {
        // Written once, before anybody is told that the deployment is complete.
        actualPort = port;
        List<Future<String>> others = new ArrayList<>();
        for (int i = 1; i < options.eventLoops(); i++) {
            others.add(vertx.deployVerticle(new HttpListener(state, port)));
        }
        return Future.all(others);
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
