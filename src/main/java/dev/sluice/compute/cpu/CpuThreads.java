package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// The threads of the CPU device: the caller and daemon threads `cpu-1`, `cpu-2`, ...
///
/// An operation is cut into chunks of fixed size, of which each thread has a stretch; who is done
/// helps the others ([Job]). So each thread reads memory in order and knows what it will read, a
/// thread that lost its core costs its own share only, and the result does not depend on who did
/// what. Operations of a list ([OpList]) run in native code, which the threads enter once for all
/// of them, and where they go on with their shares without waiting for each other if they can. In
/// between the threads spin for a short while, which is an order of magnitude quicker than waking
/// them; then they park. Call [#run] on one thread at a time.
final class CpuThreads implements AutoCloseable {
    /// How long a thread spins for the next operation: longer than the gaps inside a step.
    private static final long SPIN_NANOS = 50_000;

    /// How long it then gives its core to whoever wants it, before it parks: longer than what
    /// passes between two steps of a busy engine.
    private static final long YIELD_NANOS = 500_000;

    private static final long NAP_NANOS = 50_000;

    /// Published in place of the number of an operation when no more will come.
    private static final long CLOSED = -1;

    private final List<Worker> workers = new ArrayList<>();
    private final Job job;
    private final CpuProfile profile;

    // What was handed to the workers last, and how often something was: they look at that number,
    // waiting for it to change. One that comes late finds what was handed out meanwhile.
    private Shared shared;
    private long jobs;
    private final SharedNumber published = new SharedNumber();

    /// What the threads share.
    interface Shared {
        /// Works as long as there is something to take; comes back at once where there is nothing.
        ///
        /// @param thread 0 for the caller
        /// @param number under which it was handed to the threads; what comes later may be under
        ///   way
        void work(int thread, long number);
    }

    /// Starts the threads.
    ///
    /// @param threads number of threads with the caller
    CpuThreads(int threads) {
        profile = new CpuProfile(threads);
        job = new Job(threads);
        shared = job;
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
    /// @param chunk units that one thread takes at a time; that many the caller does alone
    /// @throws DeviceException if a chunk failed; the others may or may not have run
    void run(String op, Units units, long total, long chunk) {
        checkOpen(op);
        if (total <= 0) {
            return;
        }
        long atATime = Math.max(1, chunk);
        if (profile.isOn()) {
            runTimed(op, units, total, atATime);
        } else {
            share(units, total, atATime, false);
        }
        job.check(op);
    }

    /// Runs the operations of a list, and returns when they are done.
    void run(OpList list) {
        checkOpen("a list of operations");
        if (list.begin()) {
            jobs++;
            publish(list, workers.size());
            list.work(0, jobs);
        }
        list.end();
    }

    private void checkOpen(String op) {
        if (jobs == CLOSED) {
            throw new IllegalStateException(op + " on a device that is closed");
        }
    }

    private void runTimed(String op, Units units, long total, long chunk) {
        long begin = System.nanoTime();
        share(units, total, chunk, true);
        long nanos = System.nanoTime() - begin;
        profile.add(op, nanos, total <= chunk ? nanos : job.busyNanos());
    }

    private void share(Units units, long total, long chunk, boolean timed) {
        if (total <= chunk) {
            job.workAlone(units, total);
            return;
        }
        long chunks = job.begin(++jobs, units, total, chunk, timed);
        publish(job, chunks - 1);
        job.work(0, jobs);
        if (job.isOpen()) {
            awaitOthers();
        }
    }

    /// Hands something to the workers.
    ///
    /// @param wanted how many are to be woken, if they sleep
    private void publish(Shared next, long wanted) {
        shared = next;
        published.set(jobs);
        for (int i = 0; i < workers.size() && i < wanted; i++) {
            Worker worker = workers.get(i);
            if (worker.parked) {
                LockSupport.unpark(worker.thread);
            }
        }
    }

    // Yielding is a courtesy here: nothing depends on it.
    @SuppressWarnings("ThreadPriorityCheck")
    private void awaitOthers() {
        long deadline = System.nanoTime() + SPIN_NANOS;
        int turns = 0;
        while (job.isOpen()) {
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

    /// Ends the threads and waits for them, whoever interrupts: what they call may be gone
    /// afterwards. Idempotent.
    @Override
    public void close() {
        jobs = CLOSED;
        published.set(CLOSED);
        boolean interrupted = false;
        for (Worker worker : workers) {
            LockSupport.unpark(worker.thread);
            interrupted |= join(worker.thread);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
    }

    private final class Worker {
        private final int index;
        private final Thread thread;

        // True while the worker may be parked: the caller wakes it only then. Written before the
        // last look at `published`, which the caller writes before it looks here.
        private volatile boolean parked;

        Worker(int index) {
            this.index = index;
            this.thread = Thread.ofPlatform().daemon().name("cpu-" + index).unstarted(this::live);
        }

        private void live() {
            for (long seen = awaitNext(0); seen != CLOSED; seen = awaitNext(seen)) {
                shared.work(index, seen);
            }
        }

        /// Waits for another job than the one that was seen last, or for the end.
        ///
        /// @return its number, or [#CLOSED]
        // Yielding is a courtesy here: nothing depends on it.
        @SuppressWarnings("ThreadPriorityCheck")
        private long awaitNext(long seen) {
            long deadline = System.nanoTime() + SPIN_NANOS;
            int turns = 0;
            while (published.get() == seen) {
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
                    if (published.get() == seen) {
                        LockSupport.park(CpuThreads.this);
                    }
                    parked = false;
                }
            }
            return published.get();
        }
    }
}
