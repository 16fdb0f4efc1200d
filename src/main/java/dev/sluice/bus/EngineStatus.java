package dev.sluice.bus;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.EngineStats;
import dev.sluice.engine.StatsSnapshot;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;

import java.util.Optional;
import java.util.function.Supplier;

/// Answers what is served, how the engine is and what it counted, on an event loop of its own, so
/// that an answer never waits for a step or for a model that is being loaded.
final class EngineStatus extends VerticleBase {
    private static final DeliveryOptions INFO_OPTIONS =
            new DeliveryOptions().setCodecName(GenerationCodecs.INFO);
    private static final DeliveryOptions STATS_OPTIONS =
            new DeliveryOptions().setCodecName(GenerationCodecs.STATS);

    private final String engineId;
    private final Supplier<Future<Void>> drain;

    /// Written on the engine thread, read on the event loop.
    private volatile EngineInfo info = new EngineInfo(EngineInfo.Status.LOADING, Optional.empty());

    /// Written on the engine thread, read on the event loop.
    private volatile Optional<EngineStats> stats = Optional.empty();

    /// @param drain ends what runs or is being loaded; called on the event loop
    EngineStatus(String engineId, Supplier<Future<Void>> drain) {
        this.engineId = engineId;
        this.drain = drain;
    }

    @Override
    public Future<?> start() {
        EventBus bus = vertx.eventBus();
        return Future.all(
                bus.consumer(Addresses.INFO, m -> m.reply(info, INFO_OPTIONS)).completion(),
                bus.consumer(Addresses.STATS, this::replyStats).completion(),
                bus.consumer(Addresses.alive(engineId), m -> m.reply("")).completion());
    }

    /// A child is undeployed before its parent: this one answers until nothing runs any more, and
    /// nothing is loaded.
    @Override
    public Future<?> stop() {
        return drain.get();
    }

    private void replyStats(Message<Object> message) {
        Optional<StatsSnapshot> snapshot = stats.map(EngineStats::snapshot);
        snapshot.ifPresentOrElse(
                s -> message.reply(s, STATS_OPTIONS),
                () -> ReplyFailures.fail(message, new ApiException.Draining("still loading")));
    }

    /// The event loop.
    Context context() {
        return context;
    }

    /// The engine is up. Engine thread.
    void serve(HostedEngine hosted) {
        stats = Optional.of(hosted.engine().stats());
        info = new EngineInfo(EngineInfo.Status.READY, Optional.of(hosted.serving()));
    }

    /// The engine is in another part of its life. Engine thread.
    void become(EngineInfo.Status status) {
        info = new EngineInfo(status, info.serving());
    }
}
