package dev.sluice.compute.cuda;

import java.lang.foreign.MemorySegment;

/// Host memory that the GPU reads and writes by itself. Whoever made it closes it, on the device's
/// thread and once no copy from or to it runs.
final class PinnedMemory implements AutoCloseable {
    private final MemorySegment memory;
    private boolean released;

    /// Allocates; the memory holds anything.
    ///
    /// @param bytes at least 1
    /// @throws dev.sluice.compute.DeviceException if it can't be had
    PinnedMemory(long bytes) {
        this.memory = Cuda.allocateHost(bytes);
    }

    /// The memory; not to be touched after [#close()].
    MemorySegment segment() {
        return memory;
    }

    /// Gives it back. Idempotent.
    @Override
    public void close() {
        if (!released) {
            released = true;
            Cuda.freeHost(memory);
        }
    }
}
