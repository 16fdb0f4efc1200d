package dev.sluice.compute.cpu;

import java.lang.foreign.MemorySegment;

/// Memory of the device's own that one operation after the other uses. Grows to the largest size
/// asked for, so after the first full batch nothing is allocated any more.
final class Scratch implements AutoCloseable {
    private final CpuMemory memory;
    private CpuMemory.Area area;

    Scratch(CpuMemory memory) {
        this.memory = memory;
        this.area = memory.allocate(0, false);
    }

    /// Whether there is room for so much without new memory.
    boolean holds(long bytes) {
        return bytes <= area.data().byteSize();
    }

    /// Memory of a size at least, undefined content. It stays where it is until more is asked for
    /// than it [#holds].
    MemorySegment take(long bytes) {
        if (!holds(bytes)) {
            long larger = Math.max(bytes, 2 * area.data().byteSize());
            area.release();
            // What is there if the next line fails.
            area = memory.allocate(0, false);
            area = memory.allocate(larger, false);
        }
        return area.data();
    }

    @Override
    public void close() {
        area.release();
    }
}
