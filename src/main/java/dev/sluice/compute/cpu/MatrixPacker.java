package dev.sluice.compute.cpu;

import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.ShapeChecks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Packs weights: neighbouring parts whose number format is the same share a segment of the matrix.
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
        ShapeChecks.that(!parts.isEmpty(), OP, "a matrix needs a part");
        parts.forEach(part -> check(part, parts.getFirst().cols()));
        List<Panels> segments = new ArrayList<>();
        List<PanelMemory.Block> blocks = new ArrayList<>();
        int first = 0;
        while (first < parts.size()) {
            PanelFormat format = PanelFormat.of(packing, parts.get(first).dtype());
            int end = first + 1;
            while (end < parts.size()
                    && PanelFormat.of(packing, parts.get(end).dtype()).equals(format)) {
                end++;
            }
            segments.add(pack(parts.subList(first, end), format, blocks));
            first = end;
        }
        return new PackedPanels(List.copyOf(segments), List.copyOf(blocks));
    }

    private Panels pack(
            List<MatrixSource> parts, PanelFormat format, List<PanelMemory.Block> blocks) {
        int rows = parts.stream().mapToInt(MatrixSource::rows).reduce(0, Math::addExact);
        int cols = parts.getFirst().cols();
        long bytes = Math.multiplyExact(Panels.count(rows), format.panelBytes(cols));
        PanelMemory.Block block = memory.allocate(bytes);
        blocks.add(block);
        Panels panels = new Panels(block.data(), format, rows, cols);
        int row = 0;
        for (MatrixSource part : parts) {
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
            long first = row / PanelFormat.WIDTH;
            long end = (row + part.rows() - 1L) / PanelFormat.WIDTH + 1;
            threads.run(OP, (from, to) -> units.run(first + from, first + to), end - first, 1);
        }
    }

    /// The caller's memory may be confined to the calling thread, which waits here meanwhile.
    private static MatrixSource forAllThreads(MatrixSource part) {
        MemorySegment data = part.data();
        return new MatrixSource(
                MemorySegment.ofAddress(data.address()).reinterpret(data.byteSize()),
                part.dtype(),
                part.rows(),
                part.cols(),
                part.rowStride(),
                part.transposed(),
                part.rowOrder());
    }

    private static void check(MatrixSource part, int cols) {
        int block = part.dtype().blockElements();
        ShapeChecks.that(
                part.cols() == cols && cols > 0 && part.rows() >= 0,
                OP,
                "a part is [%d, %d], expected [rows, %d]"
                        .formatted(part.rows(), part.cols(), cols));
        ShapeChecks.that(
                cols % block == 0 && part.rowStride() % block == 0,
                OP,
                "%d columns, %d apart, are no whole number of %s blocks"
                        .formatted(cols, part.rowStride(), part.dtype()));
        ShapeChecks.that(
                !(part.transposed() && part.dtype().isQuantized()),
                OP,
                part.dtype() + " can't be transposed");
        int[] order = part.rowOrder().orElse(new int[0]);
        ShapeChecks.that(
                part.rowOrder().isEmpty() || order.length == part.rows(),
                OP,
                "the row order names %d rows of %d".formatted(order.length, part.rows()));
        ShapeChecks.that(
                Arrays.stream(order).noneMatch(row -> row < 0), OP, "a negative row in the order");
        if (part.rows() > 0) {
            ShapeChecks.host(OP, "the source", part.data(), neededBytes(part, order));
            ShapeChecks.that(part.data().isNative(), OP, "the source lies in the Java heap");
        }
    }

    private static long neededBytes(MatrixSource part, int[] order) {
        long lastRow = order.length == 0 ? part.rows() - 1L : Arrays.stream(order).max().orElse(0);
        long elements =
                part.transposed()
                        ? (part.cols() - 1L) * part.rowStride() + lastRow + 1
                        : lastRow * part.rowStride() + part.cols();
        return part.dtype().bytesFor(elements);
    }
}
