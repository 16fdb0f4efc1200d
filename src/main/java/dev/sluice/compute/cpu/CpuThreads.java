package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

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

    // Written by the caller, read by the workers. A worker that comes late finds the old job, whose
    // counter is used up, and never a mixture of two.
    private volatile Job current = new Job("", (_, _) -> {}, 0, 1, false);
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
        Job job = new Job(op, units, total, chunk, timed);
        if (job.chunks > 1 && !workers.isEmpty()) {
            current = job;
            wake(job.chunks - 1);
        }
        job.work();
        job.await();
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

    /// One operation: what is left of it, and what went wrong.
    private static final class Job {
        private final String op;
        private final Units units;
        private final long total;
        private final long chunk;
        private final long chunks;
        private final AtomicLong next = new AtomicLong();
        private final AtomicLong open;
        private final AtomicReference<Exception> failure = new AtomicReference<>();
        private final boolean timed;
        private final AtomicLong busyNanos = new AtomicLong();

        Job(String op, Units units, long total, long chunk, boolean timed) {
            this.timed = timed;
            this.op = op;
            this.units = units;
            this.total = total;
            this.chunk = Math.max(1, chunk);
            this.chunks = Math.ceilDiv(total, this.chunk);
            this.open = new AtomicLong(chunks);
        }

        void work() {
            for (long c = next.getAndIncrement(); c < chunks; c = next.getAndIncrement()) {
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

        void await() {
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
        // last look at `current`, which the caller writes before it looks here.
        private volatile boolean parked;

        Worker(int index) {
            this.thread = Thread.ofPlatform().daemon().name("cpu-" + index).unstarted(this::live);
        }

        private void live() {
            Job done = current;
            done.work();
            while (!closed) {
                Job job = awaitNext(done);
                job.work();
                done = job;
            }
        }

        /// Returns the next job, or the last one again when the device closes.
        // Yielding is a courtesy here: nothing depends on it.
        @SuppressWarnings("ThreadPriorityCheck")
        private Job awaitNext(Job done) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            int turns = 0;
            while (current == done && !closed) {
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
                    if (current == done && !closed) {
                        LockSupport.park(CpuThreads.this);
                    }
                    parked = false;
                }
            }
            return current;
        }
    }
}
