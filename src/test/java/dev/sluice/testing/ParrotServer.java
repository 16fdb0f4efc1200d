package dev.sluice.testing;

import dev.sluice.bus.EngineClient;
import dev.sluice.bus.EngineVerticle;
import dev.sluice.chat.ChatTemplate;
import dev.sluice.compute.DType;
import dev.sluice.engine.EngineConfig;
import dev.sluice.engine.EngineFeatures;
import dev.sluice.engine.StatsSnapshot;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.SamplingDefaults;
import dev.sluice.openai.ServedModel;
import dev.sluice.server.HttpServerVerticle;
import dev.sluice.server.ServerOptions;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/// The whole path from HTTP to the engine on a free port, with a [HistoryModel] that is a [Parrot].
public final class ParrotServer implements AutoCloseable {
    /// Longest sequence.
    public static final int MAX_MODEL_LEN = 512;

    /// Name of the model.
    public static final String MODEL = "org/parrot";

    private static final ChatTemplate TEMPLATE =
            ChatTemplate.compile(
                    "{% for m in messages %}{% if m.content == 'refuse' %}"
                            + "{{ raise_exception('roles must alternate') }}{% endif %}"
                            + "{{ m.role }}:{{ m.content }}{% endfor %}"
                            + Parrot.END);
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final HttpClient http = HttpClient.newHttpClient();
    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE).saying(new Parrot());
    private final Promise<ServedModel> served = Promise.promise();
    private final HttpServerVerticle server;
    private final ServedModel servedModel;
    private String engineDeployment = "";
    private String serverDeployment = "";

    private ParrotServer(Vertx vertx, ServerOptions options, ServedModel servedModel) {
        this.vertx = vertx;
        this.servedModel = servedModel;
        this.server = new HttpServerVerticle(options, served.future());
    }

    /// A server whose model is loaded.
    public static ParrotServer start() {
        return start(options(), servedModel());
    }

    /// A server whose model is loaded.
    public static ParrotServer start(ServerOptions options, ServedModel model) {
        ParrotServer server = startEmpty(options, model);
        server.load(config());
        return server;
    }

    /// A server whose model is loaded, on an event bus of its own making.
    ///
    /// @param vertx closed with the server
    public static ParrotServer start(Vertx vertx, ServerOptions options, ServedModel model) {
        ParrotServer server = startEmpty(vertx, options, model);
        server.load(config());
        return server;
    }

    /// A server that listens and has no model yet.
    public static ParrotServer startEmpty(ServerOptions options, ServedModel model) {
        return startEmpty(Vertx.vertx(), options, model);
    }

    private static ParrotServer startEmpty(Vertx vertx, ServerOptions options, ServedModel model) {
        ParrotServer server = new ParrotServer(vertx, options, model);
        server.serverDeployment = await(server.vertx.deployVerticle(server.server));
        return server;
    }

    /// Any free port, otherwise the defaults.
    public static ServerOptions options() {
        return ServerOptions.at("127.0.0.1", 0);
    }

    /// 8 sequences of 512 tokens.
    public static EngineConfig config() {
        return new EngineConfig(
                MAX_MODEL_LEN, 8, 64, 16, 256, DType.F32, 64, Set.of(ByteTokenizer.EOS));
    }

    /// The parrot, without a served name. Greedy where a request is silent.
    public static ServedModel servedModel() {
        return servedModel(Optional.empty());
    }

    /// The parrot, with a served name or without.
    public static ServedModel servedModel(Optional<String> servedName) {
        return servedModel(servedName, ApiOptions.DEFAULT);
    }

    /// The parrot, with what requests may ask for.
    public static ServedModel servedModel(Optional<String> servedName, ApiOptions options) {
        return new ServedModel(
                MODEL,
                servedName,
                "/models/parrot",
                new ByteTokenizer(),
                Optional.of(TEMPLATE),
                Map.of("bos_token", "<bos>", "eos_token", "<eos>"),
                SamplingDefaults.NEUTRAL,
                options,
                MAX_MODEL_LEN,
                Instant.ofEpochSecond(1_700_000_000));
    }

    /// Brings the model up and waits until it can be asked.
    public void load(EngineConfig config) {
        loadWithoutWaiting(config);
        awaitHealth(200);
    }

    /// Brings the model up with features of its engine and waits until it can be asked.
    public void load(EngineConfig config, EngineFeatures features) {
        loadWithoutWaiting(config, features);
        awaitHealth(200);
    }

    /// Brings the model up.
    public void loadWithoutWaiting(EngineConfig config) {
        loadWithoutWaiting(config, EngineFeatures.NONE);
    }

    private void loadWithoutWaiting(EngineConfig config, EngineFeatures features) {
        EngineVerticle engine =
                new EngineVerticle(() -> TestEngines.hosted(config, model, features), DEADLINE);
        engineDeployment = await(vertx.deployVerticle(engine, EngineVerticle.deploymentOptions()));
        served.complete(servedModel);
    }

    private void awaitHealth(int status) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (get("/health").statusCode() != status) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not healthy in time");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    /// Makes every step take time.
    public ParrotServer slow(Duration step) {
        model.beforeForward(_ -> LockSupport.parkNanos(step.toNanos()));
        return this;
    }

    /// The model that speaks.
    public HistoryModel model() {
        return model;
    }

    public int port() {
        return server.actualPort();
    }

    /// The port of the metrics.
    public int metricsPort() {
        return server.actualMetricsPort();
    }

    public String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    /// The engine behind it.
    public EngineClient engine() {
        return EngineClient.create(vertx);
    }

    /// Stops the HTTP server alone.
    public Future<Void> undeployServer() {
        return vertx.undeploy(serverDeployment);
    }

    public HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create(url(path))).build());
    }

    public HttpResponse<String> post(String path, String json) {
        return post(path, json.getBytes(StandardCharsets.UTF_8));
    }

    public HttpResponse<String> post(String path, byte[] json) {
        return send(
                HttpRequest.newBuilder(URI.create(url(path)))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(json))
                        .build());
    }

    public HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /// Waits until the engine's counters satisfy a condition.
    public StatsSnapshot awaitStats(Predicate<StatsSnapshot> condition) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        StatsSnapshot stats = await(engine().stats());
        while (!condition.test(stats)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        "not in time: running=%d waiting=%d successes=%d cancellations=%d"
                                .formatted(
                                        stats.running(),
                                        stats.waiting(),
                                        stats.successes(),
                                        stats.cancellations()));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            stats = await(engine().stats());
        }
        return stats;
    }

    /// The result of a future.
    public static <T> T await(Future<T> future) {
        try {
            return future.await(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no answer in time", e);
        }
    }

    @Override
    public void close() {
        http.close();
        await(vertx.close());
    }

    /// Deployment id of the engine; empty before the model is loaded.
    public String engineDeployment() {
        return engineDeployment;
    }
}
