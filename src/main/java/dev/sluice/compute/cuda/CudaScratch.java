package dev.sluice.compute.cuda;

import java.util.Optional;

/// GPU memory that grows to the largest size asked for. What the stream still reads from a smaller
/// piece is done before that is given back: freeing waits for it.
final class CudaScratch implements AutoCloseable {
    private Optional<DeviceMemory> memory = Optional.empty();

    /// Memory that holds anything, until the next call.
    ///
    /// @return its address, a multiple of 256
    long take(long bytes) {
        if (memory.isEmpty() || memory.get().bytes() < bytes) {
            close();
            memory = Optional.of(DeviceMemory.allocate(bytes));
        }
        return memory.get().address();
    }

    @Override
    public void close() {
        memory.ifPresent(DeviceMemory::close);
        memory = Optional.empty();
    }
}
