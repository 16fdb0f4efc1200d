package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.MatrixParts;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Packs weights and sends them to the GPU through the staging ring: while a block is on its way,
/// `pack-N` threads fill the next one. No more host memory is taken than the ring's.
final class CudaPacker implements AutoCloseable {
    private static final int MOST_THREADS = 8;

    /// Bytes of a block that are worth another thread.
    private static final long THREAD_BYTES = 64 << 10;

    private final StagingRing staging;
    private final int threads = Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    private final ExecutorService workers =
            Executors.newFixedThreadPool(
                    threads, Thread.ofPlatform().daemon().name("pack-", 0).factory());

    CudaPacker(StagingRing staging) {
        this.staging = staging;
    }

    /// As [dev.sluice.compute.Device#pack].
    CudaMatrix pack(List<MatrixSource> parts, Packing packing) {
        List<CudaMatrix.Segment> segments = new ArrayList<>();
        try (MadeSoFar made = new MadeSoFar()) {
            for (MatrixParts.Segment segment : MatrixParts.segments(parts, packing)) {
                RowLayout layout = new RowLayout(segment.format().grouped(), segment.cols());
                long bytes = Math.multiplyExact((long) segment.rows(), layout.rowBytes());
                DeviceMemory memory = made.keep(DeviceMemory.allocate(bytes), DeviceMemory::close);
                segments.add(new CudaMatrix.Segment(layout, segment.rows(), memory));
                fill(memory.address(), layout, segment.parts());
            }
            made.complete();
            return new CudaMatrix(segments);
        }
    }

    private void fill(long address, RowLayout layout, List<MatrixSource> parts) {
        long at = address;
        for (MatrixSource part : parts) {
            send(part, layout, at);
            at += (long) part.rows() * layout.rowBytes();
        }
    }

    private void send(MatrixSource part, RowLayout layout, long address) {
        if (part.rows() == 0) {
            return;
        }
        int rowsAtOnce = Math.toIntExact(staging.blockBytes() / layout.rowBytes());
        if (rowsAtOnce == 0) {
            throw new DeviceException(
                    "a row of %d weights is too long for the GPU".formatted(layout.cols()));
        }
        List<RowPacker> packers = packers(part, layout);
        for (int from = 0; from < part.rows(); from += rowsAtOnce) {
            int to = (int) Math.min((long) from + rowsAtOnce, part.rows());
            MemorySegment block = staging.next();
            pack(packers, from, to, block);
            staging.send(
                    address + (long) from * layout.rowBytes(),
                    (to - (long) from) * layout.rowBytes());
        }
    }

    /// A packer for each thread that the part is worth.
    private List<RowPacker> packers(MatrixSource part, RowLayout layout) {
        long bytes = Math.min((long) part.rows() * layout.rowBytes(), staging.blockBytes());
        long worthwhile = Math.clamp(bytes / THREAD_BYTES, 1, Math.min(threads, part.rows()));
        MatrixSource source = forAllThreads(part);
        List<RowPacker> packers = new ArrayList<>();
        for (int t = 0; t < worthwhile; t++) {
            packers.add(new RowPacker(source, layout));
        }
        return packers;
    }

    private void pack(List<RowPacker> packers, int from, int to, MemorySegment block) {
        if (packers.size() == 1) {
            packers.getFirst().pack(from, to, block);
            return;
        }
        List<Runnable> shares = new ArrayList<>();
        int share = Math.ceilDiv(to - from, packers.size());
        for (int t = 0; t < packers.size(); t++) {
            RowPacker packer = packers.get(t);
            int first = Math.min(to, from + t * share);
            int end = Math.min(to, first + share);
            shares.add(() -> packer.pack(first, end, block.asSlice(packer.bytes(first - from))));
        }
        run(shares, workers);
    }

    /// Returns when all shares have ended, whoever interrupts and whichever fails: they read memory
    /// that the caller may unmap afterwards.
    ///
    /// @throws DeviceException if one failed, or the thread was interrupted
    static void run(List<Runnable> shares, Executor workers) {
        try {
            CompletableFuture.allOf(
                            shares.stream()
                                    .map(share -> CompletableFuture.runAsync(share, workers))
                                    .toArray(CompletableFuture[]::new))
                    .join();
        } catch (CompletionException e) {
            throw new DeviceException("weights can't be packed", e);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new DeviceException("interrupted while weights were packed");
        }
    }

    /// The caller's memory may be confined to the calling thread, which waits here meanwhile.
    private static MatrixSource forAllThreads(MatrixSource part) {
        MemorySegment data = part.data();
        return part.withData(MemorySegment.ofAddress(data.address()).reinterpret(data.byteSize()));
    }

    /// Ends the threads.
    @Override
    public void close() {
        workers.shutdown();
    }
}
