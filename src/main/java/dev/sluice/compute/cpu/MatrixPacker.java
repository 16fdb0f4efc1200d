package dev.sluice.compute.cpu;

import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.MatrixParts;

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
        try (MadeSoFar made = new MadeSoFar()) {
            for (MatrixParts.Segment segment : MatrixParts.segments(parts, packing)) {
                PanelMemory.Block block = memory.allocate(bytes(segment));
                blocks.add(made.keep(block, PanelMemory.Block::release));
                segments.add(pack(segment, block));
            }
            made.complete();
        }
        return PackedPanels.of(segments, blocks);
    }

    private static long bytes(MatrixParts.Segment segment) {
        return Math.multiplyExact(
                Panels.count(segment.rows()),
                PanelLayout.panelBytes(segment.format(), segment.cols()));
    }

    private Panels pack(MatrixParts.Segment segment, PanelMemory.Block block) {
        Panels panels = new Panels(block.data(), segment.format(), segment.rows(), segment.cols());
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
            MemorySegment scales =
                    part.rowScales()
                            .map(rows -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, rows))
                            .orElse(MemorySegment.NULL);
            MatrixSource source = forAllThreads(part);
            Units units = kernels.pack(new KernelArgs.Pack(panels, source, order, scales, row));
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
