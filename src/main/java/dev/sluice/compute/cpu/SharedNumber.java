package dev.sluice.compute.cpu;

import java.util.concurrent.atomic.AtomicLongArray;

/// A number that several threads look at, alone on its lines of the cache: a thread that waits for
/// it to change slows down nobody who writes something else.
final class SharedNumber {
    /// Longs from one line that threads share to the next: processors fetch lines in pairs.
    private static final int APART = 16;

    private final AtomicLongArray numbers = new AtomicLongArray(2 * APART);

    long get() {
        return numbers.get(APART);
    }

    void set(long value) {
        numbers.set(APART, value);
    }

    /// Sets the number without a wait. Who sees it sees what was written before; others may see it
    /// late, but not later than what is [#set] afterwards.
    void setLazily(long value) {
        numbers.setRelease(APART, value);
    }

    /// Replaces a number that is still as expected.
    boolean replace(long expected, long value) {
        return numbers.compareAndSet(APART, expected, value);
    }

    void subtract(long amount) {
        numbers.addAndGet(APART, -amount);
    }
}
