package dev.sluice.bus;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.StatsSnapshot;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;

import java.time.Duration;

/// Talks to an engine over the event bus.
///
/// ```
/// EngineClient client = EngineClient.create(vertx);
/// client.submit(request, event -> { if (event instanceof Delta delta) out.print(delta.text()); })
///       .compose(Generation::ended)
///       .onSuccess(finished -> ...);
/// ```
///
/// Failures of its futures are [dev.sluice.engine.ApiException]s. Safe for use from any thread;
/// does not block. Holds nothing that must be closed.
public final class EngineClient {
    private static final long DRAIN_MARGIN_MS = 60_000;

    private final Vertx vertx;

    private EngineClient(Vertx vertx) {
        this.vertx = vertx;
    }

    /// Makes a client of the engine on a bus. Registers the protocol's codecs on that bus.
    public static EngineClient create(Vertx vertx) {
        GenerationCodecs.register(vertx.eventBus());
        return new EngineClient(vertx);
    }

    /// Submits a request.
    ///
    /// @param handler gets every event of the request, on the context that called this, in order
    /// @return completes when the engine has accepted the request, before the first event is
    ///   handled; fails with an [dev.sluice.engine.ApiException] when it has not
    public Future<Generation> submit(GenerationRequest request, Handler<GenerationEvent> handler) {
        return Generation.submit(vertx, request, handler);
    }

    /// Ends a request. An unknown id is ignored.
    ///
    /// @return completes when the engine has taken the command
    public Future<Void> cancel(String requestId) {
        return call(vertx.eventBus().request(Addresses.CANCEL, requestId)).mapEmpty();
    }

    /// Asks what is served and whether it is ready. Answered at once, also while a model loads.
    public Future<EngineInfo> info() {
        return call(vertx.eventBus().<EngineInfo>request(Addresses.INFO, ""));
    }

    /// Asks for counters, gauges and histograms. Answered at once, also during a step.
    public Future<StatsSnapshot> stats() {
        return call(vertx.eventBus().<StatsSnapshot>request(Addresses.STATS, ""));
    }

    /// Stops the engine from taking requests and waits for what runs, however long it takes.
    ///
    /// @return completes when nothing is left
    public Future<Void> drain() {
        return drain(Duration.ofDays(24));
    }

    /// Stops the engine from taking requests, waits for what runs and fails what is left then.
    ///
    /// @return completes when nothing is left
    public Future<Void> drain(Duration timeout) {
        long millis = timeout.toMillis();
        DeliveryOptions options = new DeliveryOptions().setSendTimeout(millis + DRAIN_MARGIN_MS);
        return call(vertx.eventBus().request(Addresses.DRAIN, millis, options)).mapEmpty();
    }

    private static <T> Future<T> call(Future<Message<T>> reply) {
        return reply.map(Message::body)
                .recover(cause -> Future.failedFuture(ReplyFailures.toApiException(cause)));
    }
}
