package dev.sluice.server;

import dev.sluice.bus.EngineClient;
import dev.sluice.engine.ApiException;
import dev.sluice.openai.OpenApi;
import dev.sluice.openai.PreparedRequest;
import dev.sluice.openai.RequestTranslator;
import dev.sluice.openai.RequestValidator;
import dev.sluice.openai.ServedModel;
import dev.sluice.openai.TokenService;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

/// What the event loops of one server share. Safe for use by several threads.
final class ServerState {
    private final ServerOptions options;
    private final EngineClient engine;
    private final PromptThreads promptThreads;
    private final Future<ServedModel> model;
    private final Future<RequestTranslator> translator;
    private final Future<TokenService> tokens;
    private final Future<JsonObject> openApi;
    private final HttpMetrics metrics = new HttpMetrics();
    private final Places places;
    private final ByteBudget bodies;
    private final ByteBudget answers;
    private final Set<BodyReader> uploads = ConcurrentHashMap.newKeySet();

    ServerState(Vertx vertx, ServerOptions options, Future<ServedModel> model) {
        this.options = options;
        this.engine = EngineClient.create(vertx);
        this.promptThreads = new PromptThreads(vertx);
        this.places = new Places(vertx, options.admission());
        this.bodies = new ByteBudget(options.bodies().maxBytesInAll());
        this.answers = new ByteBudget(options.admission().maxAnswerBytes());
        this.model = model;
        Future<RequestValidator> validator = promptThreads.work(0, RequestValidator::create);
        this.translator =
                model.compose(served ->
                        validator.map(
                                v -> new RequestTranslator(served, v, InstantSource.system())));
        this.tokens = model.compose(served -> validator.map(v -> new TokenService(served, v)));
        this.openApi = promptThreads.work(0, () -> OpenApi.document(VersionHandler.VERSION));
    }

    /// Runs the tokenizer on a worker thread.
    ///
    /// @param call what is asked of it
    /// @return on the context that called; fails with an [ApiException] if the body is wrong
    /// @throws ApiException.Draining while there is no model
    Future<byte[]> withTokens(byte[] body, BiFunction<TokenService, byte[], byte[]> call) {
        TokenService ready = now(tokens);
        return promptThreads.work(body.length, () -> call.apply(ready, body));
    }

    /// The description of the API.
    Future<JsonObject> openApi() {
        return openApi;
    }

    ServerOptions options() {
        return options;
    }

    EngineClient engine() {
        return engine;
    }

    /// The places for generations.
    Places places() {
        return places;
    }

    /// The memory for the bodies of requests.
    ByteBudget bodies() {
        return bodies;
    }

    /// Bodies that are being read.
    Set<BodyReader> uploads() {
        return uploads;
    }

    /// The memory for answers that are not streamed.
    ByteBudget answers() {
        return answers;
    }

    HttpMetrics metrics() {
        return metrics;
    }

    /// The model.
    ///
    /// @throws ApiException.Draining while there is none
    ServedModel model() {
        return now(model);
    }

    /// Whether requests can be prepared.
    boolean isReady() {
        return translator.succeeded();
    }

    /// Turns a body into a request for the engine, on a worker thread.
    ///
    /// @return on the context that called; fails with an [ApiException] if the body is wrong
    /// @throws ApiException.Draining while there is no model
    Future<PreparedRequest> prepare(PreparedRequest.Kind kind, byte[] body) {
        RequestTranslator ready = now(translator);
        return promptThreads.work(
                body.length,
                () ->
                        switch (kind) {
                            case CHAT -> ready.chat(body);
                            case COMPLETION -> ready.completion(body);
                        });
    }

    private static <T> T now(Future<T> future) {
        if (future.succeeded()) {
            return future.result();
        }
        throw new ApiException.Draining(
                future.failed()
                        ? "The model could not be loaded."
                        : "The model is still being loaded.");
    }
}
