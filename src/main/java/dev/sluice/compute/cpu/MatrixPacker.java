package dev.sluice.compute.cpu;

import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.MatrixParts;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Packs weights into panels, one block of memory a segment.
final class MatrixPacker {
    private static final String OP = "pack";

    private final CpuKernels kernels;
    private final CpuThreads threads;
    private final PanelMemory memory;

    MatrixPacker(CpuKernels kernels, CpuThreads threads, PanelMemory memory) {
        this.kernels = kernels;
        this.threads = threads;
        this.memory = memory;
    }

    /// Packs as [dev.sluice.compute.Device#pack] says.
    PackedPanels pack(List<MatrixSource> parts, Packing packing) {
        List<Panels> segments = new ArrayList<>();
        List<PanelMemory.Block> blocks = new ArrayList<>();
        for (MatrixParts.Segment segment : MatrixParts.segments(parts, packing)) {
            segments.add(pack(segment, blocks));
        }
        return PackedPanels.of(segments, blocks);
    }

    private Panels pack(MatrixParts.Segment segment, List<PanelMemory.Block> blocks) {
        WeightFormat format = segment.format();
        int rows = segment.rows();
        int cols = segment.cols();
        long bytes = Math.multiplyExact(Panels.count(rows), PanelLayout.panelBytes(format, cols));
        PanelMemory.Block block = memory.allocate(bytes);
        blocks.add(block);
        Panels panels = new Panels(block.data(), format, rows, cols);
        int row = 0;
        for (MatrixSource part : segment.parts()) {
            packPart(panels, part, row);
            row += part.rows();
        }
        return panels;
    }

    private void packPart(Panels panels, MatrixSource part, int row) {
        if (part.rows() == 0) {
            return;
        }
        // Shared, because all threads read it; closed before this returns.
        try (Arena arena = Arena.ofShared()) {
            MemorySegment order =
                    part.rowOrder()
                            .map(rows -> arena.allocateFrom(ValueLayout.JAVA_INT, rows))
                            .orElse(MemorySegment.NULL);
            MatrixSource source = forAllThreads(part);
            Units units = kernels.pack(new KernelArgs.Pack(panels, source, order, row));
            long first = row / PanelLayout.WIDTH;
            long end = (row + part.rows() - 1L) / PanelLayout.WIDTH + 1;
            threads.run(OP, (from, to) -> units.run(first + from, first + to), end - first, 1);
        }
    }

    /// The caller's memory may be confined to the calling thread, which waits here meanwhile.
    private static MatrixSource forAllThreads(MatrixSource part) {
        MemorySegment data = part.data();
        return part.withData(MemorySegment.ofAddress(data.address()).reinterpret(data.byteSize()));
    }
}
