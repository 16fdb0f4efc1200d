package dev.sluice.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Measures how fast this machine reads memory now.
///
/// All threads compare the halves of regions of their own, which together are larger than any
/// cache; the JVM's comparison reads both halves with the widest loads that the processor has. The
/// best of several rounds counts.
final class MemoryBandwidth {
    private static final long TOTAL_BYTES = 512L << 20;
    private static final long PAGE_BYTES = 4096;
    private static final int ROUNDS = 8;

    private MemoryBandwidth() {}

    /// Measures.
    ///
    /// @return bytes a second
    static double measure(int threads) {
        long bytes = TOTAL_BYTES / threads / PAGE_BYTES * PAGE_BYTES;
        double best = 0;
        try (Arena arena = Arena.ofShared()) {
            List<MemorySegment> regions = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                // Pages that were never written are one page of zeros.
                regions.add(arena.allocate(bytes, PAGE_BYTES).fill((byte) 1));
            }
            for (int round = 0; round < ROUNDS; round++) {
                long begin = System.nanoTime();
                readAll(regions);
                double seconds = (System.nanoTime() - begin) / 1e9;
                best = Math.max(best, (double) bytes * threads / seconds);
            }
        }
        return best;
    }

    private static void readAll(List<MemorySegment> regions) {
        List<Thread> threads =
                regions.stream()
                        .map(region -> Thread.ofPlatform().start(() -> read(region)))
                        .toList();
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void read(MemorySegment region) {
        long half = region.byteSize() / 2;
        if (region.asSlice(0, half).mismatch(region.asSlice(half)) >= 0) {
            throw new IllegalStateException("the halves of the region differ");
        }
    }
}
