package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// How many panels a thread takes at a time.
class ChunksTest {
    @Test
    void theyLeaveNoThreadMoreThanItMustHave() {
        assertThat(Chunks.even(18, 4, 2)).as("nine each").isEqualTo(3);
        assertThat(Chunks.even(30, 4, 2)).as("fifteen each").isEqualTo(3);
        assertThat(Chunks.even(96, 4, 2)).as("even as it is").isEqualTo(4);
        assertThat(Chunks.even(7, 1, 2)).as("no choice").isEqualTo(1);
        assertThat(Chunks.even(3, 4, 2)).as("two and one").isEqualTo(2);
        assertThat(Chunks.even(3, 4, 1)).as("all for one").isEqualTo(4);
    }

    @Test
    void thoseOfPartsAreThoseOfOneThread() {
        for (int threads : new int[] {2, 3, 8}) {
            for (int panels = 1; panels < 200; panels++) {
                long chunk = Chunks.even((long) panels * threads, 4, threads);
                assertThat(panels % chunk).as("%d panels for each thread", panels).isZero();
            }
        }
    }
}
