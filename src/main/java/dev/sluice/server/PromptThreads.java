package dev.sluice.server;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/// The worker threads on which bodies are read, templates rendered and texts tokenized: some for
/// short bodies, and one more for long ones, so that nobody waits behind texts that take seconds.
/// Safe for use by several threads.
final class PromptThreads {
    /// The longest body that is short: some 50 ms of work.
    static final int MAX_SHORT_BYTES = 256 << 10;

    private static final int MAX_SHORT_THREADS = 4;

    private final WorkerExecutor shortBodies;
    private final WorkerExecutor longBodies;

    /// As many threads as the machine has use for. What waits for the one of long bodies is bounded
    /// by the server's [ByteBudget].
    PromptThreads(Vertx vertx) {
        int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MAX_SHORT_THREADS);
        this.shortBodies = executor(vertx, "prompt", threads);
        this.longBodies = executor(vertx, "long-prompt", 1);
    }

    private static WorkerExecutor executor(Vertx vertx, String name, int threads) {
        return vertx.createSharedWorkerExecutor(name, threads, 10, TimeUnit.MINUTES);
    }

    /// Works on a body. Does not block.
    ///
    /// @param numBytes of the body
    /// @return on the context that called; fails with what the work throws
    <T> Future<T> work(int numBytes, Callable<T> work) {
        WorkerExecutor threads = numBytes <= MAX_SHORT_BYTES ? shortBodies : longBodies;
        return threads.executeBlocking(work, false);
    }
}
