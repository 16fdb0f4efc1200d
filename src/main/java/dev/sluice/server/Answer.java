package dev.sluice.server;

import dev.sluice.engine.GenerationEvent;

/// How what an engine generates becomes an HTTP response. Used on one event loop.
sealed interface Answer permits SseWriter, WholeAnswer {
    /// Characters from which on text is written on a worker thread, not to hold up the event loop.
    int MAX_CHARS_ON_EVENT_LOOP = 32_768;

    /// All sequences were accepted: nothing can be refused any more.
    void begin();

    /// Takes an event of a choice that is not a failure.
    void accept(int index, GenerationEvent event);

    /// Whether everything was handed to the connection.
    boolean isComplete();

    /// Ends in the middle because of a fault, and closes itself once everything is said.
    ///
    /// @param error body of the error as JSON
    void fail(byte[] error);

    /// The client is gone, or everything is said: timers stop, nothing is written any more.
    void close();
}
