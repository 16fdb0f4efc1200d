package dev.sluice.server;

import java.util.concurrent.atomic.AtomicLong;

/// The bytes that one server may hold at once of one kind: of bodies, or of answers. Safe for use
/// by several threads.
final class ByteBudget {
    private final AtomicLong free;

    /// @param bytes that may be held
    ByteBudget(long bytes) {
        this.free = new AtomicLong(bytes);
    }

    /// Whether so many bytes are free now.
    boolean has(long bytes) {
        return bytes <= free.get();
    }

    /// Takes bytes, unless fewer are free. Whoever got them gives them back.
    ///
    /// @return whether they were taken
    boolean take(long bytes) {
        long left = free.addAndGet(-bytes);
        if (left < 0) {
            giveBack(bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        free.addAndGet(bytes);
    }
}
