package dev.sluice.cli;

import dev.sluice.bus.EngineClient;
import dev.sluice.bus.EngineInfo;
import dev.sluice.bus.EngineVerticle;
import dev.sluice.bus.HostedEngine;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.model.ModelSource;
import dev.sluice.openai.ServedModel;
import dev.sluice.server.HttpServerVerticle;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// A server from its start to its end: opens the port, loads the model, says when it is ready, and
/// drains when it is told to end.
final class ServerProcess {
    private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);
    private static final long THROUGHPUT_INTERVAL_MS = 10_000;
    private static final String TERMINATE = "TERM";
    private static final String INTERRUPT = "INT";
    private static final String HANG_UP = "HUP";

    // As shells count: 128 and the number of the signal.
    private static final int EXIT_HUNG_UP = 129;
    private static final int EXIT_INTERRUPTED = 130;
    private static final int EXIT_TERMINATED = 143;
    private static final int EXIT_BROKEN = 1;

    /// More than the server takes for the last bytes of answers.
    private static final long END_SECONDS = 30;

    private final ServePlan plan;
    private final PrintStream out;
    private final Vertx vertx;
    private final EngineClient engine;
    private final Promise<ServedModel> model = Promise.promise();
    private final Promise<String> ready = Promise.promise();
    private final Promise<Integer> ended = Promise.promise();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final AtomicBoolean told = new AtomicBoolean();

    ServerProcess(ServePlan plan, PrintStream out) {
        this.plan = plan;
        this.vertx = vertx();
        this.engine = EngineClient.create(vertx);
        this.out = out;
    }

    /// Serves until a signal comes or the engine breaks.
    ///
    /// @return the exit code
    int run() {
        long begin = System.nanoTime();
        try (Signals _ = Signals.on(this::stop, TERMINATE, INTERRUPT, HANG_UP)) {
            HttpServerVerticle http = new HttpServerVerticle(plan.server(), model.future());
            String listening = vertx.deployVerticle(http).await();
            LOG.info("listening: http_ms={}", (System.nanoTime() - begin) / 1_000_000);
            EngineVerticle verticle = new EngineVerticle(this::load, Duration.ofSeconds(1));
            verticle.broken().onSuccess(this::giveUp);
            vertx.deployVerticle(verticle, EngineVerticle.deploymentOptions())
                    .onFailure(model::tryFail)
                    .await();
            announce(plan.server().host(), http.actualPort(), System.nanoTime() - begin);
            watchThroughput();
            int exitCode = ended.future().await();
            // The last answers are written before the engine's verticle goes.
            awaitEnd(vertx.undeploy(listening));
            return exitCode;
        } catch (OutOfMemoryError e) {
            return endWithoutThread(e);
        } finally {
            awaitEnd(vertx.close());
        }
    }

    /// Out of memory is here who may have no more threads: of the heap, the launcher has the JVM
    /// end at once. Nothing is closed, for that would wait for the thread that never came.
    private static int endWithoutThread(OutOfMemoryError cause) {
        LOG.error(
                "the process ends, for it can't start another thread; raise the limit of threads"
                        + " (ulimit -u, or that of the container): {}",
                cause.getMessage());
        Runtime.getRuntime().halt(EXIT_BROKEN);
        return EXIT_BROKEN;
    }

    /// Nothing that does not end may keep the process.
    private static void awaitEnd(Future<?> end) {
        try {
            end.await(END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.warn("the process ends though not all of it has stopped", e);
        }
    }

    private static Vertx vertx() {
        // Nothing is served from files; without this Vert.x makes a cache directory at each start.
        FileSystemOptions noFiles =
                new FileSystemOptions()
                        .setFileCachingEnabled(false)
                        .setClassPathResolvingEnabled(false);
        return Vertx.vertx(new VertxOptions().setFileSystemOptions(noFiles));
    }

    /// On the engine thread.
    private HostedEngine load() {
        ModelSource source = ModelOptions.source(System.err);
        LoadedEngine loaded = LoadedEngine.load(plan.engine(), source);
        return loaded.hosted(
                () -> model.complete(loaded.servedModel(plan.servedModelName(), plan.api())));
    }

    private void announce(String host, int port, long nanos) {
        EngineInfo.Serving serving = engine.info().await().serving().orElseThrow();
        String scheme = plan.server().listen().tls().isPresent() ? "https://" : "http://";
        String url = scheme + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        String sentence =
                String.format(
                        Locale.ROOT,
                        "Sluice serves %s on %s with %s and a KV cache of %,d tokens, ready after"
                                + " %.1f s.%n",
                        plan.servedModelName().orElse(serving.model()),
                        url,
                        serving.device(),
                        serving.kvTokens(),
                        nanos / 1e9);
        String example =
                String.format(
                        Locale.ROOT,
                        "Try it:%n  curl %s/v1/chat/completions -H 'Content-Type: application/json'"
                                + " \\%n    -d '{\"messages\": [{\"role\": \"user\", \"content\":"
                                + " \"Hello!\"}]}'%n",
                        url);
        // In one piece: whoever waits for these lines in a file or a pipe never sees half of one.
        out.print(sentence + example);
        out.flush();
        ready.complete(url);
    }

    /// Where it listens, once it is ready; stays open if that never happens.
    Future<String> ready() {
        return ready.future();
    }

    private void watchThroughput() {
        ThroughputLog log = new ThroughputLog();
        vertx.setPeriodic(
                0,
                THROUGHPUT_INTERVAL_MS,
                _ ->
                        engine.stats()
                                .onSuccess(stats -> log.accept(stats, System.nanoTime()))
                                .onFailure(e -> LOG.debug("no counters", e)));
    }

    /// The first signal drains, once there is something to drain; a second one that somebody sends
    /// ends the process at once. A terminal that closes counts for none: it may tell twice, from
    /// the shell and from the kernel, and a supervisor's SIGTERM may follow.
    private void stop(String signal) {
        boolean isFirst = stopping.compareAndSet(false, true);
        boolean isSecond = !signal.equals(HANG_UP) && !told.compareAndSet(false, true);
        if (isFirst && model.future().succeeded()) {
            drain();
            return;
        }
        if (!isFirst && !isSecond) {
            return;
        }
        LOG.info(
                isFirst
                        ? "ended while the model was being loaded; what was downloaded is kept"
                        : "ended without waiting for running answers");
        // Loading can't be interrupted: it is in the kernels or waits for the disk.
        Runtime.getRuntime()
                .halt(
                        switch (signal) {
                            case INTERRUPT -> EXIT_INTERRUPTED;
                            case HANG_UP -> EXIT_HUNG_UP;
                            default -> EXIT_TERMINATED;
                        });
    }

    /// Lets running answers end and then ends the server.
    void drain() {
        LOG.info(
                "draining: running answers end, new requests get a 503; a second SIGTERM or Ctrl-C ends at once");
        Optional<Duration> timeout = plan.drainTimeout();
        Future<Void> drained = timeout.isPresent() ? engine.drain(timeout.get()) : engine.drain();
        drained.onComplete(_ -> ended.tryComplete(0));
    }

    /// The engine can't go on; whoever runs this process starts another.
    private void giveUp(Throwable cause) {
        LOG.error("the process ends, for its engine is broken: {}", cause.getMessage());
        ended.tryComplete(EXIT_BROKEN);
    }
}
