package dev.sluice.bus;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationRequest;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Runs one engine behind the event bus.
///
/// Deploy it with [#deploymentOptions()]: a worker verticle with a pool of one thread, `engine-0`,
/// which opens the engine, owns it and computes its steps. After each step it goes back to the end
/// of its context's queue, so that submits and cancels are taken between two steps; without work it
/// sleeps. Deployment completes once the engine is ready.
///
/// A client that can't be reached any more is a cancel. Undeploying drains, then closes the engine.
public final class EngineVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(EngineVerticle.class);

    private final HostedEngine.Factory factory;
    private final Duration drainTimeout;
    private final String id = UUID.randomUUID().toString();
    private final EngineStatus status = new EngineStatus(id, this::drainFirst);
    private final Promise<Void> drained = Promise.promise();
    private final Promise<Throwable> broken = Promise.promise();
    private Optional<HostedEngine> hosted = Optional.empty();

    /// Requests whose grammars are being compiled, by where their events go.
    private final Map<String, CompletableFuture<List<String>>> compiling = new HashMap<>();

    private boolean closing;
    private boolean stepping;
    private boolean draining;

    /// @param factory opens the engine, on the engine thread
    /// @param drainTimeout how long undeploying waits for what runs before it fails the rest
    public EngineVerticle(HostedEngine.Factory factory, Duration drainTimeout) {
        this.factory = factory;
        this.drainTimeout = drainTimeout;
    }

    /// How the verticle must be deployed. A fresh value. A second engine of the same `Vertx` needs
    /// a pool of another name; with the same one, the two would wait for each other's thread.
    public static DeploymentOptions deploymentOptions() {
        return new DeploymentOptions()
                .setThreadingModel(ThreadingModel.WORKER)
                .setWorkerPoolName("engine")
                .setWorkerPoolSize(1)
                .setMaxWorkerExecuteTimeUnit(TimeUnit.MINUTES)
                .setMaxWorkerExecuteTime(10);
    }

    /// Says why, once the engine can't go on: the device is lost, or it has a bug. What was
    /// accepted has failed then, and nothing more is taken. Stays open as long as all is well.
    public Future<Throwable> broken() {
        return broken.future();
    }

    @Override
    public Future<?> start() {
        if (!context.isWorkerContext()) {
            return Future.failedFuture(
                    "The engine needs a worker thread:"
                            + " deploy it with EngineVerticle.deploymentOptions().");
        }
        GenerationCodecs.register(vertx.eventBus());
        return vertx.deployVerticle(status).compose(_ -> open());
    }

    private Future<?> open() {
        if (closing) {
            return Future.failedFuture("The engine was undeployed before it was loaded.");
        }
        HostedEngine engine = factory.open();
        hosted = Optional.of(engine);
        Outbox outbox =
                new Outbox(
                        vertx.eventBus(),
                        vertx.isClustered() ? Optional.of(status.context()) : Optional.empty());
        // Requests last: once the engine is busy, a clustered bus registers nothing on its thread.
        return consumer(Addresses.CANCEL, outbox, message -> cancel(message, outbox))
                .compose(_ -> consumer(Addresses.cancel(id), outbox, m -> cancel(m, outbox)))
                .compose(_ -> consumer(Addresses.DRAIN, outbox, m -> drain(m, outbox)))
                .compose(_ -> consumer(Addresses.SUBMIT, outbox, m -> submit(m, outbox)))
                .onSuccess(_ -> status.serve(engine))
                .onFailure(_ -> release());
    }

    /// Whatever goes wrong with a message is its reply.
    private Future<Void> consumer(String address, Outbox outbox, Handler<Message<Object>> handler) {
        return vertx.eventBus()
                .consumer(
                        address,
                        message -> {
                            try {
                                handler.handle(message);
                            } catch (RuntimeException e) {
                                outbox.answer(() -> refuse(message, e));
                            }
                        })
                .completion();
    }

    private void submit(Message<Object> message, Outbox outbox) {
        GenerationRequest request = Bodies.request(message);
        String address =
                Optional.ofNullable(message.headers().get(Addresses.EVENTS_TO))
                        .orElseGet(() -> Addresses.generation(request.id()));
        // What is cancelled is in a step or waits for one, which is all the waking it needs.
        Engine engine = engine();
        CompletableFuture<List<String>> admission =
                engine.admit(request, outbox.events(address, engine::cancel));
        if (!admission.isDone()) {
            compiling.put(address, admission);
        }
        Future.fromCompletionStage(admission, context)
                .onComplete(_ -> compiling.remove(address, admission))
                .onSuccess(remarks -> {
                    outbox.answer(() -> message.reply(String.join("\n", remarks), accepted()));
                    wake();
                })
                .onFailure(e -> outbox.answer(() -> refuse(message, e)));
    }

    private DeliveryOptions accepted() {
        return new DeliveryOptions().addHeader(Addresses.ENGINE, id);
    }

    private static void refuse(Message<?> message, Throwable problem) {
        if (problem instanceof ApiException refusal) {
            ReplyFailures.fail(message, refusal);
        } else {
            LOG.error("a message to {} could not be taken", message.address(), problem);
            ReplyFailures.fail(message, new ApiException.Internal("The engine failed."));
        }
    }

    /// A client that does not know yet whether it has the id, or another request, says where its
    /// events go.
    private void cancel(Message<Object> message, Outbox outbox) {
        String requestId = Bodies.requestId(message);
        String address = message.headers().get(Addresses.EVENTS_TO);
        if (address == null) {
            engine().cancel(requestId);
        } else {
            Optional.ofNullable(compiling.get(address))
                    .ifPresent(admission ->
                            admission.completeExceptionally(new ApiException.Cancelled()));
        }
        outbox.answer(() -> message.reply(""));
    }

    private void drain(Message<Object> message, Outbox outbox) {
        drain(Bodies.timeout(message)).onComplete(_ -> outbox.answer(() -> message.reply("")));
    }

    /// Ends what runs, by itself until the timeout and by force then; without one, however long it
    /// takes.
    private Future<Void> drain(Optional<Duration> timeout) {
        if (!draining) {
            draining = true;
            status.become(EngineInfo.Status.DRAINING);
            engine().drain();
        }
        if (engine().hasWork()) {
            timeout.ifPresent(this::abortAfter);
        } else {
            drained.tryComplete();
        }
        return drained.future();
    }

    private void abortAfter(Duration timeout) {
        long timer = vertx.setTimer(Math.max(1, timeout.toMillis()), _ -> abort());
        drained.future().onComplete(_ -> vertx.cancelTimer(timer));
    }

    private void abort() {
        engine().abort();
        drained.tryComplete();
    }

    private void wake() {
        if (!stepping && engine().hasWork()) {
            stepping = true;
            context.runOnContext(_ -> step());
        }
    }

    private void step() {
        stepping = false;
        if (hosted.isEmpty()) {
            return;
        }
        try {
            if (engine().step()) {
                wake();
            } else if (draining) {
                drained.tryComplete();
            }
        } catch (RuntimeException | Error e) {
            LOG.error("the engine is broken and takes no more requests; restart it", e);
            status.become(EngineInfo.Status.STOPPED);
            try {
                abort();
            } finally {
                broken.tryComplete(e);
            }
        }
    }

    /// @throws ApiException.Draining for a message that was on its way when the engine was released
    private Engine engine() {
        return hosted.orElseThrow(() -> new ApiException.Draining("The engine is gone.")).engine();
    }

    private void release() {
        status.become(EngineInfo.Status.STOPPED);
        hosted.ifPresent(engine -> engine.release().run());
        hosted = Optional.empty();
    }

    private Future<Void> drainFirst() {
        Promise<Void> done = Promise.promise();
        // Where Vert.x is closed while the model is loaded, nobody calls stop().
        context.runOnContext(_ -> stopTaking().onComplete(_ -> release()).onComplete(done));
        return done.future();
    }

    /// An engine that was never open has nothing to end.
    private Future<Void> stopTaking() {
        closing = true;
        return hosted.isEmpty() ? Future.succeededFuture() : drain(Optional.of(drainTimeout));
    }

    @Override
    public Future<?> stop() {
        return stopTaking().onComplete(_ -> release());
    }
}
