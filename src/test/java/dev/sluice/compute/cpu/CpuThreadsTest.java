package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

@Timeout(60)
class CpuThreadsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void everyUnitIsDoneOnceHoweverManyThreads(int count) {
        try (CpuThreads threads = new CpuThreads(count)) {
            for (int total = 0; total < 400; total++) {
                AtomicIntegerArray done = new AtomicIntegerArray(total);
                int chunk = 1 + total % 9;

                threads.run("count", (from, to) -> mark(done, from, to), total, chunk);

                for (int i = 0; i < total; i++) {
                    assertThat(done.get(i)).isEqualTo(1);
                }
            }
        }
    }

    private static void mark(AtomicIntegerArray done, long from, long to) {
        for (long i = from; i < to; i++) {
            done.incrementAndGet((int) i);
        }
    }

    @Test
    void workIsSharedByThreadsOfTheDevice() {
        try (CpuThreads threads = new CpuThreads(3)) {
            CountDownLatch all = new CountDownLatch(3);
            Set<String> names = ConcurrentHashMap.newKeySet();

            threads.run(
                    "meet",
                    (_, _) -> {
                        names.add(Thread.currentThread().getName());
                        all.countDown();
                        awaitUninterruptibly(all);
                    },
                    3,
                    1);

            assertThat(names)
                    .containsExactlyInAnyOrder(Thread.currentThread().getName(), "cpu-1", "cpu-2");
        }
    }

    /// What they call is unloaded after that.
    @Test
    void closingWaitsForTheThreadsWhoeverInterrupts() {
        Set<Thread> all = ConcurrentHashMap.newKeySet();
        CpuThreads threads = new CpuThreads(3);
        meet(threads, 3, all);
        all.remove(Thread.currentThread());

        Thread.currentThread().interrupt();
        threads.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(all).hasSize(2).noneMatch(Thread::isAlive);
    }

    /// Only as many threads are woken as there are chunks for, whoever these were dealt to.
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void parkedThreadsThatAreWokenFindWork(int chunks) {
        try (CpuThreads threads = new CpuThreads(5)) {
            Set<Thread> all = ConcurrentHashMap.newKeySet();
            meet(threads, 5, all);
            all.remove(Thread.currentThread());
            while (!all.stream().allMatch(CpuThreadsTest::isParked)) {
                Thread.onSpinWait();
            }

            Set<Thread> some = ConcurrentHashMap.newKeySet();
            meet(threads, chunks, some);

            assertThat(some).hasSize(chunks);
        }
    }

    private static boolean isParked(Thread thread) {
        return thread.getState() == Thread.State.WAITING;
    }

    /// Each chunk waits until all have begun, so each needs a thread of its own.
    private static void meet(CpuThreads threads, int chunks, Set<Thread> seen) {
        CountDownLatch begun = new CountDownLatch(chunks);
        threads.run(
                "meet",
                (_, _) -> {
                    seen.add(Thread.currentThread());
                    begun.countDown();
                    awaitUninterruptibly(begun);
                },
                chunks,
                1);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            Thread.onSpinWait();
        }
    }

    /// The worker does not come back from its first units before all others are done.
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 199})
    void whoIsDoneDoesAllThatAnotherHasNotBegun(int total) {
        try (CpuThreads threads = new CpuThreads(2)) {
            Thread caller = Thread.currentThread();
            CountDownLatch begun = new CountDownLatch(1);
            AtomicIntegerArray done = new AtomicIntegerArray(total);

            threads.run(
                    "help",
                    (from, to) -> {
                        if (Thread.currentThread().equals(caller)) {
                            awaitUninterruptibly(begun);
                        } else {
                            begun.countDown();
                            while (sum(done) < total - (to - from)) {
                                Thread.onSpinWait();
                            }
                        }
                        mark(done, from, to);
                    },
                    total,
                    1);

            for (int i = 0; i < total; i++) {
                assertThat(done.get(i)).isEqualTo(1);
            }
        }
    }

    private static int sum(AtomicIntegerArray numbers) {
        return IntStream.range(0, numbers.length()).map(numbers::get).sum();
    }

    @Test
    void threadsThatHavePartedFromASpinAreWokenAgain() {
        try (CpuThreads threads = new CpuThreads(2)) {
            for (int round = 0; round < 20; round++) {
                // Longer than the spin, so that the other thread parks meanwhile.
                LockSupport.parkNanos(3_000_000);
                CountDownLatch both = new CountDownLatch(2);

                threads.run(
                        "meet",
                        (_, _) -> {
                            both.countDown();
                            awaitUninterruptibly(both);
                        },
                        2,
                        1);

                assertThat(both.getCount()).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aFailedChunkFailsTheOperationAndNoOther(int count) {
        try (CpuThreads threads = new CpuThreads(count)) {
            Units broken =
                    (from, end) -> {
                        if (from <= 57 && 57 < end) {
                            throw new IndexOutOfBoundsException("unit 57");
                        }
                    };

            assertThatThrownBy(() -> threads.run("break", broken, 100, 1))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage("break failed on the CPU: unit 57")
                    .hasCauseInstanceOf(IndexOutOfBoundsException.class);

            AtomicIntegerArray done = new AtomicIntegerArray(50);
            threads.run("count", (from, to) -> mark(done, from, to), 50, 3);
            for (int i = 0; i < 50; i++) {
                assertThat(done.get(i)).isEqualTo(1);
            }
        }
    }

    @Test
    void anErrorInAChunkIsNotLost() {
        try (CpuThreads threads = new CpuThreads(2)) {
            Units broken =
                    (_, _) -> {
                        throw new StackOverflowError("too deep");
                    };

            assertThatThrownBy(() -> threads.run("break", broken, 4, 1))
                    .isInstanceOf(DeviceException.class)
                    .hasRootCauseInstanceOf(StackOverflowError.class);
        }
    }

    @Test
    void closingJoinsTheThreadsAndMayBeRepeated() {
        CpuThreads threads = new CpuThreads(4);
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(4);
        threads.run(
                "meet",
                (_, _) -> {
                    seen.add(Thread.currentThread());
                    all.countDown();
                    awaitUninterruptibly(all);
                },
                4,
                1);

        threads.close();
        threads.close();

        seen.remove(Thread.currentThread());
        assertThat(seen).hasSize(3).noneMatch(Thread::isAlive);
        assertThatThrownBy(() -> threads.run("late", (_, _) -> {}, 1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
