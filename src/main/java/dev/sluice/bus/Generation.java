package dev.sluice.bus;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.eventbus.ReplyFailure;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// One request that is under way, as its client sees it.
///
/// Events come on the context that submitted. A client that is undeployed, or whose handler throws,
/// cancels. On a clustered bus, a generation whose engine is lost with its node ends within some
/// five seconds, as [ApiException.Draining].
public final class Generation {
    private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

    /// A reply comes between two steps, and a step of a big model on a slow machine takes a while.
    private static final long SUBMIT_TIMEOUT_MS = TimeUnit.MINUTES.toMillis(10);

    /// Twice this long may an engine be silent before it is asked whether it is there, and a node
    /// that is lost is noticed within four times as long.
    private static final long WATCH_MS = 1250;

    private static final int MOST_UNANSWERED = 2;
    private static final DeliveryOptions ALIVE_OPTIONS =
            new DeliveryOptions().setSendTimeout(WATCH_MS - 50);

    private final Vertx vertx;
    private final String requestId;
    private final Handler<GenerationEvent> handler;
    private final Promise<GenerationEvent.Finished> end = Promise.promise();
    private final Promise<Generation> accepted = Promise.promise();
    private final MessageConsumer<GenerationEvent> consumer;
    private final List<GenerationEvent> early = new ArrayList<>();
    private List<String> remarks = List.of();
    private Optional<String> engineId = Optional.empty();
    private OptionalLong watch = OptionalLong.empty();
    private boolean heard;
    private boolean over;
    private int unanswered;

    Generation(Vertx vertx, String requestId, Handler<GenerationEvent> handler) {
        this.vertx = vertx;
        this.requestId = requestId;
        this.handler = handler;
        // An address of its own, so that a second client with the same request id, which the engine
        // refuses, never takes part of this one's events; without the id, which may hold what
        // another node would spell otherwise.
        this.consumer =
                vertx.eventBus().consumer(Addresses.generation(UUID.randomUUID().toString()));
    }

    /// Completes when the engine has accepted the request, before the first event is handled; fails
    /// with an [ApiException] when it has not.
    public Future<Generation> accepted() {
        return accepted.future();
    }

    /// Call once.
    void submit(GenerationRequest request) {
        consumer.handler(this::onEvent);
        consumer.endHandler(_ -> onConsumerGone());
        DeliveryOptions options =
                new DeliveryOptions()
                        .setCodecName(GenerationCodecs.REQUEST)
                        .setSendTimeout(SUBMIT_TIMEOUT_MS)
                        .addHeader(Addresses.EVENTS_TO, consumer.address());
        consumer.completion()
                .compose(_ -> vertx.eventBus().<String>request(Addresses.SUBMIT, request, options))
                .onSuccess(this::accept)
                .onFailure(cause -> {
                    if (cause instanceof ReplyException reply
                            && reply.failureType() == ReplyFailure.TIMEOUT) {
                        // Its grammar may be compiled yet.
                        cancelUnaccepted();
                    }
                    ApiException refusal = ReplyFailures.toApiException(cause);
                    finish();
                    end.tryFail(refusal);
                    accepted.tryFail(refusal);
                });
    }

    private void accept(Message<String> reply) {
        remarks = reply.body().lines().toList();
        engineId = Optional.ofNullable(reply.headers().get(Addresses.ENGINE));
        // On a bus that is not clustered an engine can't vanish without a word.
        if (vertx.isClustered() && !end.future().isComplete()) {
            engineId.ifPresent(engine ->
                    watch = OptionalLong.of(vertx.setPeriodic(WATCH_MS, _ -> watch(engine))));
        }
        try {
            accepted.tryComplete(this);
        } finally {
            List<GenerationEvent> waiting = List.copyOf(early);
            early.clear();
            waiting.forEach(this::take);
        }
    }

    private void watch(String engine) {
        if (heard) {
            heard = false;
            unanswered = 0;
            return;
        }
        vertx.eventBus()
                .request(Addresses.alive(engine), "", ALIVE_OPTIONS)
                .onSuccess(_ -> unanswered = 0)
                .onFailure(_ -> missed());
    }

    private void missed() {
        if (++unanswered == MOST_UNANSWERED && !end.future().isComplete()) {
            take(
                    new GenerationEvent.Failed(
                            requestId, new ApiException.Draining("The engine is gone.")));
        }
    }

    /// What the grammar of a guided request says that is not enforced; mostly nothing.
    public List<String> remarks() {
        return remarks;
    }

    /// The request's id.
    public String requestId() {
        return requestId;
    }

    /// How it ended: succeeds after the last event of a sequence that ended by itself, fails with
    /// an [ApiException] when it was cancelled, shut down or hit a fault.
    public Future<GenerationEvent.Finished> ended() {
        return end.future();
    }

    /// Stops it. The last event is then [GenerationEvent.Failed], unless the sequence ended by
    /// itself first. Does nothing after the end.
    public void cancel() {
        // Who could do more about it? The engine is gone, and so is what it computed.
        stop().onFailure(e -> LOG.debug("cancel of {}", requestId, e));
    }

    /// Stops it, also before the engine has answered.
    ///
    /// @return completes when the engine has taken the command, or needs none
    Future<Void> stop() {
        if (end.future().isComplete()) {
            return Future.succeededFuture();
        }
        if (!accepted.future().isComplete()) {
            cancelUnaccepted();
        }
        return accepted.future()
                .transform(taken ->
                        taken.failed()
                                ? Future.succeededFuture()
                                : ReplyFailures.body(
                                                vertx.eventBus()
                                                        .request(cancelAddress(), requestId))
                                        .mapEmpty());
    }

    /// It may overtake the request, or meet a grammar that is being compiled; or another's request,
    /// which has the id.
    private void cancelUnaccepted() {
        DeliveryOptions options =
                new DeliveryOptions().addHeader(Addresses.EVENTS_TO, consumer.address());
        vertx.eventBus().publish(Addresses.CANCEL, requestId, options);
    }

    private String cancelAddress() {
        return engineId.map(Addresses::cancel).orElse(Addresses.CANCEL);
    }

    /// An event may overtake the reply; its reader wants the reply first.
    private void onEvent(Message<GenerationEvent> message) {
        GenerationEvent event = read(message);
        if (accepted.future().isComplete() && early.isEmpty()) {
            take(event);
        } else {
            early.add(event);
        }
    }

    /// What can't be read, as from an engine of another version, might have been the last event.
    private GenerationEvent read(Message<GenerationEvent> message) {
        try {
            return message.body();
        } catch (RuntimeException e) {
            LOG.error("an event of request {} can't be read; it is cancelled", requestId, e);
            cancel();
            return new GenerationEvent.Failed(
                    requestId,
                    new ApiException.Internal("An event of the engine could not be read."));
        }
    }

    private void take(GenerationEvent event) {
        heard = true;
        if (over) {
            return;
        }
        if (event.isTerminal()) {
            over = true;
            finish();
        }
        try {
            handler.handle(event);
        } catch (RuntimeException | Error e) {
            // A failed assertion, too, must not leave the end open.
            LOG.error("handler of request {} failed; it is cancelled", requestId, e);
            over = true;
            cancel();
            finish();
            end.tryFail(new ApiException.Cancelled("the handler of the events failed"));
        }
        switch (event) {
            case GenerationEvent.Finished finished -> end.tryComplete(finished);
            case GenerationEvent.Failed failed -> end.tryFail(failed.cause());
            case GenerationEvent.Started _, GenerationEvent.Delta _ -> {}
        }
    }

    /// The context that submitted was undeployed: nobody is left to read.
    private void onConsumerGone() {
        over = true;
        cancel();
        watch.ifPresent(vertx::cancelTimer);
        end.tryFail(new ApiException.Cancelled("the client is gone"));
    }

    private void finish() {
        watch.ifPresent(vertx::cancelTimer);
        consumer.endHandler(_ -> {});
        // Nothing depends on when the registration is gone: the engine sends no more.
        consumer.unregister().onFailure(e -> LOG.debug("unregister of {}", requestId, e));
    }
}
