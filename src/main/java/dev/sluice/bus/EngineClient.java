package dev.sluice.bus;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.StatsSnapshot;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

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
    private static final Duration LONGEST_DRAIN = Duration.ofDays(24);
    private static final long DRAIN_MARGIN_MS = 60_000;

    private final Vertx vertx;

    /// Those that have not ended.
    private final Set<Generation> generations = ConcurrentHashMap.newKeySet();

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
        return begin(request, handler).accepted();
    }

    /// Submits a request that may be cancelled before the engine has answered: its grammar may take
    /// seconds to compile.
    ///
    /// @param handler as for [#submit]
    public Generation begin(GenerationRequest request, Handler<GenerationEvent> handler) {
        Generation generation = new Generation(vertx, request.id(), handler);
        generations.add(generation);
        generation.ended().onComplete(_ -> generations.remove(generation));
        generation.submit(request);
        return generation;
    }

    /// Ends a request, also one that was submitted a moment ago. The id of another client's request
    /// is told to all engines; an unknown id is ignored.
    ///
    /// @return completes when the engine has taken the command; for another client's request, at
    ///   once
    public Future<Void> cancel(String requestId) {
        List<Future<Void>> own =
                generations.stream()
                        .filter(generation -> generation.requestId().equals(requestId))
                        .map(Generation::stop)
                        .toList();
        if (own.isEmpty()) {
            vertx.eventBus().publish(Addresses.CANCEL, requestId);
        }
        return Future.all(own).mapEmpty();
    }

    /// Asks what is served and whether it is ready. Answered at once, also while a model loads.
    public Future<EngineInfo> info() {
        return ReplyFailures.body(vertx.eventBus().<EngineInfo>request(Addresses.INFO, ""));
    }

    /// Asks for counters, gauges and histograms. Answered at once, also during a step.
    public Future<StatsSnapshot> stats() {
        return ReplyFailures.body(vertx.eventBus().<StatsSnapshot>request(Addresses.STATS, ""));
    }

    /// Stops the engine from taking requests and waits for what runs, however long it takes.
    ///
    /// @return completes when nothing is left
    public Future<Void> drain() {
        return drain(LONGEST_DRAIN);
    }

    /// Stops the engine from taking requests, waits for what runs and fails what is left then.
    ///
    /// @param timeout less than nothing is taken for nothing, more than 24 days for 24 days
    /// @return completes when nothing is left
    public Future<Void> drain(Duration timeout) {
        long millis =
                timeout.compareTo(LONGEST_DRAIN) > 0
                        ? LONGEST_DRAIN.toMillis()
                        : timeout.isNegative() ? 0 : timeout.toMillis();
        DeliveryOptions options = new DeliveryOptions().setSendTimeout(millis + DRAIN_MARGIN_MS);
        return ReplyFailures.body(vertx.eventBus().request(Addresses.DRAIN, millis, options))
                .mapEmpty();
    }
}
