package dev.sluice.bus;

import dev.sluice.engine.GenerationEvent;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageProducer;

import java.util.Optional;
import java.util.function.Consumer;

/// Sends what the engine has to say, in order.
///
/// On a clustered bus it leaves from an event loop: whoever sends there looks addresses up on the
/// worker pool of his own context, and an engine that is busy never leaves its one thread to them.
/// Elsewhere the engine thread sends by itself.
///
/// @param loop where a clustered bus is sent from; empty where the bus is not clustered
record Outbox(EventBus bus, Optional<Context> loop) {
    private static final DeliveryOptions EVENT_OPTIONS =
            new DeliveryOptions().setCodecName(GenerationCodecs.EVENT);

    /// Replies to a message, or fails it.
    void answer(Runnable reply) {
        loop.ifPresentOrElse(there -> there.runOnContext(_ -> reply.run()), reply);
    }

    /// Sends events to an address.
    ///
    /// @param cancel is told the id of a request whose events don't arrive; on any thread
    Consumer<GenerationEvent> events(String address, Consumer<String> cancel) {
        MessageProducer<GenerationEvent> producer = bus.sender(address, EVENT_OPTIONS);
        Consumer<GenerationEvent> send = event -> send(producer, event, cancel);
        return loop.<Consumer<GenerationEvent>>map(
                        there -> event -> there.runOnContext(_ -> send.accept(event)))
                .orElse(send);
    }

    private static void send(
            MessageProducer<GenerationEvent> producer,
            GenerationEvent event,
            Consumer<String> cancel) {
        Future<Void> written = producer.write(event);
        // On a bus that is not clustered it is over by now.
        if (!event.isTerminal() && !written.succeeded()) {
            written.onFailure(_ -> cancel.accept(event.requestId()));
        }
    }
}
