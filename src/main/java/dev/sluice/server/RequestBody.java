package dev.sluice.server;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

import java.util.function.Function;

/// The body of one request, whose bytes count against the server's budget. Used on one event loop.
///
/// The bytes are given back when the body was made into something else, but those of a large one at
/// the end of the answer: a request may keep more of it than its tokens, such as schemas and
/// metadata.
final class RequestBody {
    private static final long LARGE = 256 << 10;

    private final ByteBudget budget;
    private Buffer bytes = Buffer.buffer();
    private long held;
    private boolean atWork;
    private boolean closed;

    RequestBody(ByteBudget budget) {
        this.budget = budget;
    }

    /// Bytes that have come.
    long size() {
        return held;
    }

    /// Adds what has come.
    ///
    /// @return whether the budget has room for it; else nothing was added
    boolean add(Buffer chunk) {
        if (!budget.take(chunk.length())) {
            return false;
        }
        held += chunk.length();
        bytes.appendBuffer(chunk);
        return true;
    }

    /// Makes something of the body. Call once.
    ///
    /// @param work gets the bytes, and completes on this event loop once it needs them no more
    /// @return what the work returns
    <T> Future<T> use(Function<byte[], Future<T>> work) {
        byte[] whole = bytes.getBytes();
        bytes = Buffer.buffer();
        Future<T> result = work.apply(whole);
        atWork = true;
        return result.onComplete(_ -> used());
    }

    private void used() {
        atWork = false;
        if (closed || held <= LARGE) {
            giveBack();
        }
    }

    /// The request is over: nobody will ask for the body. Idempotent.
    void close() {
        closed = true;
        bytes = Buffer.buffer();
        // Work that goes on for a client that left still has the bytes.
        if (!atWork) {
            giveBack();
        }
    }

    private void giveBack() {
        budget.giveBack(held);
        held = 0;
    }
}
