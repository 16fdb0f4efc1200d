package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/// The operation that is under way, where operations run one by one: what is left of it, and what
/// went wrong. One object serves all of them.
///
/// Its chunks are dealt out in stretches, one a thread. A thread works through its own from the
/// front and then takes halves of what the others have before them. A chunk that a thread has taken
/// keeps the operation open, and so all fields as they are; so a thread that comes late takes a
/// chunk of whatever is under way by then, or none.
final class Job implements CpuThreads.Shared {
    private static final int HALF = 32;
    private static final long LOW = (1L << HALF) - 1;
    private static final long MOST_CHUNKS = Integer.MAX_VALUE;
    private static final long EMPTY = 0;
    private static final long PARTS = 2;

    // Of each thread: the first chunk that nobody has taken in the upper half, and the one behind
    // the last in the lower.
    private final List<SharedNumber> stretches;
    private final SharedNumber open = new SharedNumber();

    // Changes before the stretches do.
    private final SharedNumber begun = new SharedNumber();
    private final AtomicLong busyNanos = new AtomicLong();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

    // Written by the caller while nothing is open; read by whoever has taken a chunk.
    private Units units = (_, _) -> {};
    private long total;
    private long chunk;
    private boolean timed;

    Job(int threads) {
        stretches = Stream.generate(SharedNumber::new).limit(threads).toList();
    }

    /// The chunk with which a thread begins.
    ///
    /// @param thread from 0 on; `threads` for the end
    private static long firstChunk(int thread, int threads, long chunks) {
        return Math.ceilDiv(chunks * thread, threads);
    }

    /// Does an operation that is not worth sharing.
    void workAlone(Units units, long total) {
        attempt(units, 0, total);
    }

    /// Starts an operation, once the last one has ended.
    ///
    /// @param number another one than that of the last
    /// @return the number of its chunks
    long begin(long number, Units units, long total, long chunk, boolean timed) {
        this.units = units;
        this.total = total;
        this.chunk = Math.max(chunk, Math.ceilDiv(total, MOST_CHUNKS));
        long chunks = Math.ceilDiv(total, this.chunk);
        this.timed = timed;
        if (timed) {
            busyNanos.set(0);
        }
        begun.setLazily(number);
        open.setLazily(chunks);
        // Last, for from here on chunks are taken.
        int threads = stretches.size();
        for (int i = 0; i < threads; i++) {
            long first = firstChunk(i, threads, chunks);
            stretches.get(i).setLazily(stretch(first, firstChunk(i + 1, threads, chunks)));
        }
        return chunks;
    }

    /// Whether chunks are under way.
    boolean isOpen() {
        return open.get() != 0;
    }

    /// What the threads spent on an operation that was timed, all together.
    long busyNanos() {
        return busyNanos.get();
    }

    /// Does chunks as long as there are any to take.
    ///
    /// @param thread from 0 on
    /// @param number of the operation that the thread has come for
    @Override
    public void work(int thread, long number) {
        long done = 0;
        for (long mine = take(thread, number); mine != EMPTY; mine = take(thread, number)) {
            work(mine);
            done += end(mine) - first(mine);
        }
        if (done > 0) {
            open.subtract(done);
        }
    }

    /// Takes chunks of the thread's own stretch, or of one that it takes over from another.
    private long take(int thread, long number) {
        SharedNumber own = stretches.get(thread);
        long mine = takeFront(own);
        if (mine != EMPTY) {
            return mine;
        }
        long stolen = steal(thread);
        if (stolen == EMPTY || begun.get() != number) {
            return stolen;
        }
        // Nobody else writes here now, and others may help.
        own.set(stolen);
        return takeFront(own);
    }

    private static long stretch(long first, long end) {
        return first << HALF | end;
    }

    private static long first(long stretch) {
        return stretch >>> HALF;
    }

    private static long end(long stretch) {
        return stretch & LOW;
    }

    /// Takes a part of what is left of a stretch, the smaller the less that is: each time costs a
    /// pause of the stream of memory, and what is taken nobody else can help with.
    private static long takeFront(SharedNumber stretch) {
        for (long now = stretch.get(); first(now) < end(now); now = stretch.get()) {
            long middle = first(now) + Math.max(1, (end(now) - first(now)) / PARTS);
            if (stretch.replace(now, stretch(middle, end(now)))) {
                return stretch(first(now), middle);
            }
        }
        return EMPTY;
    }

    /// Takes the second half of what another thread has before it.
    private long steal(int thread) {
        int threads = stretches.size();
        for (int i = 1; i < threads; i++) {
            SharedNumber victim = stretches.get((thread + i) % threads);
            for (long now = victim.get(); first(now) < end(now); now = victim.get()) {
                long middle = first(now) + (end(now) - first(now)) / 2;
                if (victim.replace(now, stretch(first(now), middle))) {
                    return stretch(middle, end(now));
                }
            }
        }
        return EMPTY;
    }

    private void work(long stretch) {
        if (failure.get() != null) {
            return;
        }
        long begin = timed ? System.nanoTime() : 0;
        attempt(units, first(stretch) * chunk, Math.min(total, end(stretch) * chunk));
        if (timed) {
            busyNanos.addAndGet(System.nanoTime() - begin);
        }
    }

    private void attempt(Units units, long begin, long end) {
        try {
            units.run(begin, end);
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        } catch (Error e) {
            // A chunk that vanished with its thread would leave the engine waiting forever.
            failure.compareAndSet(null, new IllegalStateException(e));
        }
    }

    /// Reports what went wrong, once.
    ///
    /// @throws DeviceException if a chunk failed
    void check(String op) {
        Exception cause = failure.get();
        if (cause != null) {
            failure.set(null);
            throw new DeviceException(
                    "%s failed on the CPU: %s".formatted(op, cause.getMessage()), cause);
        }
    }
}
