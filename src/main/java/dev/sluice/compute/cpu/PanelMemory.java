package dev.sluice.compute.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Memory for packed weights on 2 MiB pages.
///
/// Small matrices share slabs, since a large page of its own would waste most of it. A slab goes
/// back when its last matrix does; its memory is never used twice, because packing needs zeros.
final class PanelMemory {
    private static final long SLAB = 32 << 20;
    private static final long ALIGNMENT = 64;

    private final CpuMemory memory;
    private Optional<Slab> current = Optional.empty();

    PanelMemory(CpuMemory memory) {
        this.memory = memory;
    }

    /// Zeroed memory that begins at a multiple of 64 bytes.
    Block allocate(long bytes) {
        if (bytes > SLAB / 4) {
            Slab own = new Slab(memory.allocate(bytes, true));
            return own.take(bytes);
        }
        Slab slab = current.filter(s -> s.hasRoomFor(bytes)).orElseGet(this::nextSlab);
        return slab.take(bytes);
    }

    private Slab nextSlab() {
        Slab slab = new Slab(memory.allocate(SLAB, true));
        current = Optional.of(slab);
        return slab;
    }

    /// Memory of one matrix.
    static final class Block {
        private final Slab slab;
        private final MemorySegment data;
        private boolean released;

        private Block(Slab slab, MemorySegment data) {
            this.slab = slab;
            this.data = data;
        }

        MemorySegment data() {
            return data;
        }

        /// Gives the memory back. Idempotent.
        void release() {
            if (!released) {
                released = true;
                slab.leave();
            }
        }
    }

    private final class Slab {
        private final CpuMemory.Area area;
        private long used;
        private int blocks;

        Slab(CpuMemory.Area area) {
            this.area = area;
        }

        boolean hasRoomFor(long bytes) {
            return area.data().byteSize() - used >= bytes;
        }

        Block take(long bytes) {
            MemorySegment data = area.data().asSlice(used, bytes);
            used += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
            blocks++;
            return new Block(this, data);
        }

        void leave() {
            blocks--;
            if (blocks == 0) {
                area.release();
                current = current.filter(slab -> slab != this);
            }
        }
    }
}
