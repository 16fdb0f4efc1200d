package dev.sluice.compute.cpu;

import dev.sluice.compute.DeviceException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;

/// Zeroed off-heap memory, counted.
///
/// Big areas come from the operating system as address space: a page costs memory once it is
/// written, and goes back when the area does. Small ones, and all where there is no such call, come
/// from the JDK. Call on the engine thread.
final class CpuMemory implements AutoCloseable {
    private static final long ALIGNMENT = 64;
    private static final long BIG = 256 * 1024;

    private final Optional<MappedMemory> mapped = MappedMemory.find();
    private final Set<Area> areas = Collections.newSetFromMap(new IdentityHashMap<>());
    private long allocatedBytes;

    /// Memory that is given back by itself.
    final class Area {
        private final Arena arena;
        private final MemorySegment data;

        private Area(Arena arena, MemorySegment data) {
            this.arena = arena;
            this.data = data;
        }

        /// The memory; begins at a multiple of 64 bytes.
        MemorySegment data() {
            return data;
        }

        /// Gives it back. Idempotent.
        void release() {
            if (areas.remove(this)) {
                allocatedBytes -= data.byteSize();
                arena.close();
            }
        }
    }

    /// Allocates zeroed memory.
    ///
    /// @param hugePages ask for 2 MiB pages: quicker to read, but each is touched as a whole
    /// @throws DeviceException if there is not enough
    Area allocate(long bytes, boolean hugePages) {
        if (bytes >= BIG) {
            long available = AvailableMemory.bytes();
            if (bytes > available) {
                throw new DeviceException(
                        "not enough memory: %d MiB wanted, %d MiB available"
                                .formatted(bytes >> 20, available >> 20));
            }
        }
        return take(bytes, hugePages);
    }

    /// Takes address space, also more than there is memory; where there is no such call, memory.
    ///
    /// @throws DeviceException if there is not enough
    Area reserve(long bytes) {
        return mapped.isPresent() ? take(bytes, false) : allocate(bytes, false);
    }

    private Area take(long bytes, boolean hugePages) {
        Arena arena = Arena.ofShared();
        MemorySegment data =
                bytes >= BIG && mapped.isPresent()
                        ? map(mapped.get(), arena, bytes, hugePages)
                        : allocate(arena, bytes);
        Area area = new Area(arena, data);
        areas.add(area);
        allocatedBytes += bytes;
        return area;
    }

    private static MemorySegment map(
            MappedMemory mapped, Arena arena, long bytes, boolean hugePages) {
        Optional<MemorySegment> memory = mapped.map(arena, bytes, hugePages);
        if (memory.isEmpty()) {
            arena.close();
            throw new DeviceException(
                    "the operating system refused %d MiB of memory".formatted(bytes >> 20));
        }
        return memory.get();
    }

    private static MemorySegment allocate(Arena arena, long bytes) {
        try {
            return arena.allocate(Math.max(1, bytes), ALIGNMENT).asSlice(0, bytes);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new DeviceException("out of memory: " + bytes + " bytes wanted", e);
        }
    }

    /// Bytes in areas that were not released.
    long allocatedBytes() {
        return allocatedBytes;
    }

    /// Releases everything.
    @Override
    public void close() {
        Set.copyOf(areas).forEach(Area::release);
    }
}
