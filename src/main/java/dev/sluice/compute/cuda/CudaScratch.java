package dev.sluice.compute.cuda;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// GPU memory that grows to the largest size asked for. What the stream still reads from a smaller
/// piece is done before that is given back: freeing waits for it.
final class CudaScratch implements AutoCloseable {
    // Devices on several threads count here; a graph that is captured once too often does no harm.
    private static final AtomicLong MOVES = new AtomicLong();

    private Optional<DeviceMemory> memory = Optional.empty();

    /// Memory that holds anything, until the next call.
    ///
    /// @return its address, a multiple of 256
    long take(long bytes) {
        if (memory.isEmpty() || memory.get().bytes() < bytes) {
            close();
            MOVES.incrementAndGet();
            memory = Optional.of(DeviceMemory.allocate(bytes));
        }
        return memory.get().address();
    }

    /// How often scratch memory of any device moved: what was captured before then must not be
    /// replayed.
    static long moves() {
        return MOVES.get();
    }

    @Override
    public void close() {
        memory.ifPresent(DeviceMemory::close);
        memory = Optional.empty();
    }
}
