package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// The threads that pack read memory that is gone once they are no longer waited for.
class CudaPackerTest {
    private final ExecutorService workers = Executors.newFixedThreadPool(2);
    private final AtomicInteger ended = new AtomicInteger();

    @AfterEach
    void endThreads() {
        workers.shutdownNow();
    }

    @Test
    void anInterruptDoesNotEndTheWaitForTheShares() {
        Thread caller = Thread.currentThread();
        Runnable share = slowly(caller::interrupt);

        assertThatThrownBy(() -> CudaPacker.run(List.of(share, share), workers))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("interrupted");

        assertThat(ended).hasValue(2);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aShareThatFailsDoesNotEndTheWaitForTheOthers() {
        Runnable broken =
                () -> {
                    throw new IllegalStateException("broken");
                };

        assertThatThrownBy(() -> CudaPacker.run(List.of(broken, slowly(() -> {})), workers))
                .isInstanceOf(DeviceException.class)
                .hasRootCauseMessage("broken");

        assertThat(ended).hasValue(1);
    }

    /// A share that is still under way a while after it has done something, and sees no interrupt.
    private Runnable slowly(Runnable something) {
        return () -> {
            something.run();
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            ended.incrementAndGet();
        };
    }
}
