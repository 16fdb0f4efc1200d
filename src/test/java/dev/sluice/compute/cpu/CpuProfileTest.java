package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CpuProfileTest {
    @Test
    void operationsAreMeasuredBetweenStartAndStopOnly() {
        try (CpuThreads threads = new CpuThreads(2)) {
            threads.run("before", (_, _) -> {}, 4, 1);
            threads.profile().start();
            threads.run("short", (_, _) -> {}, 4, 1);
            threads.run("long", (begin, end) -> work(end - begin), 8, 1);
            threads.run("short", (_, _) -> {}, 4, 1);
            threads.profile().stop();
            threads.run("after", (_, _) -> {}, 4, 1);

            CpuProfile profile = threads.profile();
            assertThat(profile.rows())
                    .extracting(CpuProfile.Row::name)
                    .containsExactlyInAnyOrder("long", "short");
            for (CpuProfile.Row row : profile.rows()) {
                assertThat(row.calls()).isEqualTo(row.name().equals("short") ? 2 : 1);
                assertThat(row.busyNanos()).isPositive();
                assertThat(row.wallNanos()).isBetween(1L, profile.totalNanos());
                assertThat(row.busyNanos()).isLessThanOrEqualTo(2 * row.wallNanos());
            }
        }
    }

    private static void work(long units) {
        long end = System.nanoTime() + 100_000 * units;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }
}
