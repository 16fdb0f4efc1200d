package dev.sluice.server;

import dev.sluice.engine.ApiException.Overloaded;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// The worker threads on which bodies are read, templates rendered and texts tokenized: some for
/// short bodies, and one more for long ones, so that nobody waits behind texts that take seconds.
/// Safe for use by several threads.
final class PromptThreads {
    /// The longest body that is short: some 50 ms of work.
    static final int MAX_SHORT_BYTES = 256 << 10;

    private static final int MAX_SHORT_THREADS = 4;
    private static final int RETRY_AFTER_SECONDS = 1;
    private static final int SHARE_OF_HEAP = 4;

    private final WorkerExecutor shortBodies;
    private final WorkerExecutor longBodies;
    private final long maxLongBytes;
    private final AtomicLong longBytes = new AtomicLong();

    /// As many threads as the machine has use for, and room for long bodies in a quarter of the
    /// heap.
    PromptThreads(Vertx vertx) {
        this(vertx, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
    }

    /// @param maxLongBytes most bytes of the long bodies that are worked on or wait
    PromptThreads(Vertx vertx, long maxLongBytes) {
        int threads = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MAX_SHORT_THREADS);
        this.shortBodies = executor(vertx, "prompt", threads);
        this.longBodies = executor(vertx, "long-prompt", 1);
        this.maxLongBytes = maxLongBytes;
    }

    private static WorkerExecutor executor(Vertx vertx, String name, int threads) {
        return vertx.createSharedWorkerExecutor(name, threads, 10, TimeUnit.MINUTES);
    }

    /// Works on a body. Does not block.
    ///
    /// @param numBytes of the body
    /// @return on the context that called; fails with what the work throws, or with [Overloaded] if
    ///   too much waits already
    <T> Future<T> work(int numBytes, Callable<T> work) {
        if (numBytes <= MAX_SHORT_BYTES) {
            return shortBodies.executeBlocking(work, false);
        }
        long before = longBytes.getAndAdd(numBytes);
        if (before > 0 && before + numBytes > maxLongBytes) {
            longBytes.addAndGet(-numBytes);
            return Future.failedFuture(
                    new Overloaded("Too many long prompts wait already.", RETRY_AFTER_SECONDS));
        }
        return longBodies
                .executeBlocking(work, false)
                .onComplete(_ -> longBytes.addAndGet(-numBytes));
    }
}
