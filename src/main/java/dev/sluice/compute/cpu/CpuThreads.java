package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// The threads of the CPU device: the caller and daemon threads `cpu-1`, `cpu-2`, ...
///
/// An operation is cut into chunks of fixed size, which whichever thread is free takes from a
/// counter; so a thread that lost its core costs its own share only, and the result does not depend
/// on who did what. Between operations the threads spin for a short while, which is an order of
/// magnitude quicker than waking them; then they park. Call [#run] on one thread at a time.
final class CpuThreads implements AutoCloseable {
    /// How long a thread spins for the next operation: longer than the gaps inside a step.
    private static final long SPIN_NANOS = 50_000;

    /// How long it then gives its core to whoever wants it, before it parks: longer than what
    /// passes between two steps of a busy engine.
    private static final long YIELD_NANOS = 500_000;

    private static final long NAP_NANOS = 50_000;

    private final List<Worker> workers = new ArrayList<>();

    private final Job job = new Job();

    // Jobs that were handed to the workers; each waits for the number to change.
    private final AtomicLong published = new AtomicLong();
    private volatile boolean closed;
    private final CpuProfile profile;

    /// Starts the threads.
    ///
    /// @param threads number of threads with the caller
    CpuThreads(int threads) {
        profile = new CpuProfile(threads);
        for (int i = 1; i < threads; i++) {
            Worker worker = new Worker(i);
            workers.add(worker);
            worker.thread.start();
        }
    }

    /// Threads that share the work, the caller among them.
    int count() {
        return workers.size() + 1;
    }

    /// Measures the operations when it is asked to.
    CpuProfile profile() {
        return profile;
    }

    /// Does the units `[0, total)` in chunks, and returns when all are done.
    ///
    /// @param op name of the operation, for messages
    /// @param chunk units that one thread takes at a time
    /// @throws DeviceException if a chunk failed; the others may or may not have run
    void run(String op, Units units, long total, long chunk) {
        if (closed) {
            throw new IllegalStateException(op + " on a device that is closed");
        }
        if (total <= 0) {
            return;
        }
        boolean timed = profile.isOn();
        long begin = timed ? System.nanoTime() : 0;
        long chunks = job.begin(units, total, chunk, timed);
        if (chunks > 1 && !workers.isEmpty()) {
            published.incrementAndGet();
            wake(chunks - 1);
        }
        job.work();
        job.await(op);
        if (timed) {
            profile.add(op, System.nanoTime() - begin, job.busyNanos.get());
        }
    }

    private void wake(long wanted) {
        for (int i = 0; i < workers.size() && i < wanted; i++) {
            Worker worker = workers.get(i);
            if (worker.parked) {
                LockSupport.unpark(worker.thread);
            }
        }
    }

    /// Ends the threads and waits for them. Idempotent.
    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker.thread);
        }
        try {
            for (Worker worker : workers) {
                worker.thread.join();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// The operation that is under way: what is left of it, and what went wrong. One object serves
    /// all operations. A chunk that a thread has taken keeps its operation open, and so all fields
    /// as they are; so a thread that comes late takes a chunk of whatever is under way by then, or
    /// none.
    private static final class Job {
        private final AtomicLong untaken = new AtomicLong();
        private final AtomicLong open = new AtomicLong();
        private final AtomicLong busyNanos = new AtomicLong();
        private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();

        // Written by the caller while nothing is open; read by whoever has taken a chunk.
        private Units units = (_, _) -> {};
        private long total;
        private long chunk;
        private long chunks;
        private boolean timed;

        /// Starts an operation, once the last one has ended.
        ///
        /// @return the number of its chunks
        long begin(Units units, long total, long chunk, boolean timed) {
            this.units = units;
            this.total = total;
            this.chunk = Math.max(1, chunk);
            this.chunks = Math.ceilDiv(total, this.chunk);
            this.timed = timed;
            busyNanos.set(0);
            failure.set(null);
            open.set(chunks);
            // Last, for from here on chunks are taken.
            untaken.set(chunks);
            return chunks;
        }

        void work() {
            while (true) {
                long left = take();
                if (left == 0) {
                    return;
                }
                long c = chunks - left;
                long begin = timed ? System.nanoTime() : 0;
                try {
                    if (failure.get() == null) {
                        units.run(c * chunk, Math.min(total, (c + 1) * chunk));
                    }
                } catch (RuntimeException e) {
                    failure.compareAndSet(null, e);
                } catch (Error e) {
                    // A chunk that vanished with its thread would leave the engine waiting forever.
                    failure.compareAndSet(null, new IllegalStateException(e));
                } finally {
                    if (timed) {
                        busyNanos.addAndGet(System.nanoTime() - begin);
                    }
                    open.decrementAndGet();
                }
            }
        }

        /// Takes a chunk.
        ///
        /// @return how many there were before; 0 if there was none to take
        private long take() {
            long left = untaken.get();
            while (left > 0 && !untaken.compareAndSet(left, left - 1)) {
                left = untaken.get();
            }
            return left;
        }

        void await(String op) {
            if (open.get() != 0) {
                awaitOthers();
            }
            Exception cause = failure.get();
            if (cause != null) {
                throw new DeviceException(
                        "%s failed on the CPU: %s".formatted(op, cause.getMessage()), cause);
            }
        }

        // Yielding is a courtesy here: nothing depends on it.
        @SuppressWarnings("ThreadPriorityCheck")
        private void awaitOthers() {
            long deadline = System.nanoTime() + SPIN_NANOS;
            int turns = 0;
            while (open.get() != 0) {
                if (++turns % 64 != 0) {
                    Thread.onSpinWait();
                } else if (System.nanoTime() - deadline < 0) {
                    Thread.onSpinWait();
                } else if (turns < 64 * 1000) {
                    // The other thread may have lost its core to us.
                    Thread.yield();
                } else {
                    LockSupport.parkNanos(NAP_NANOS);
                }
            }
        }
    }

    private final class Worker {
        private final Thread thread;

        // True while the worker may be parked: the caller wakes it only then. Written before the
        // last look at `published`, which the caller writes before it looks here.
        private volatile boolean parked;

        Worker(int index) {
            this.thread = Thread.ofPlatform().daemon().name("cpu-" + index).unstarted(this::live);
        }

        private void live() {
            long seen = 0;
            while (!closed) {
                seen = awaitNext(seen);
                job.work();
            }
        }

        /// Waits for another job than the one that was seen last, or for the end.
        // Yielding is a courtesy here: nothing depends on it.
        @SuppressWarnings("ThreadPriorityCheck")
        private long awaitNext(long seen) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            int turns = 0;
            while (published.get() == seen && !closed) {
                if (++turns % 64 != 0) {
                    Thread.onSpinWait();
                    continue;
                }
                long over = System.nanoTime() - deadline;
                if (over < 0) {
                    Thread.onSpinWait();
                } else if (over < YIELD_NANOS) {
                    turns = 63;
                    Thread.yield();
                } else {
                    parked = true;
                    if (published.get() == seen && !closed) {
                        LockSupport.park(CpuThreads.this);
                    }
                    parked = false;
                }
            }
            return published.get();
        }
    }
}
