package dev.sluice.compute.cuda;

import dev.sluice.compute.MadeSoFar;

import java.lang.foreign.MemorySegment;

/// Pinned blocks through which host memory goes to the GPU and back: while one is on its way the
/// next is filled. A block is filled again once its last copy is done.
final class StagingRing implements AutoCloseable {
    private final CudaStream stream;
    private final PinnedMemory[] blocks;
    private final MemorySegment[] copied;
    private final long blockBytes;
    private int current;

    /// @param blocks how many, at least 2
    /// @param blockBytes bytes of each
    StagingRing(CudaStream stream, int blocks, long blockBytes) {
        this.stream = stream;
        this.blockBytes = blockBytes;
        this.blocks = new PinnedMemory[blocks];
        this.copied = new MemorySegment[blocks];
        try (MadeSoFar made = new MadeSoFar()) {
            for (int i = 0; i < blocks; i++) {
                this.blocks[i] = made.keep(new PinnedMemory(blockBytes), PinnedMemory::close);
                this.copied[i] = made.keep(Cuda.createEvent(), Cuda::destroyEvent);
            }
            made.complete();
        }
    }

    /// Bytes of a block.
    long blockBytes() {
        return blockBytes;
    }

    /// Waits for the next block, which may then be written until [#send].
    MemorySegment next() {
        current = (current + 1) % blocks.length;
        Cuda.await(copied[current]);
        return blocks[current].segment();
    }

    /// Sends the first bytes of the block that [#next()] gave.
    void send(long target, long bytes) {
        stream.copyToDevice(target, blocks[current].segment(), bytes);
        Cuda.record(copied[current], stream.handle());
    }

    /// Copies host memory of any size; it may be changed as soon as this returns.
    void upload(MemorySegment host, long target) {
        long bytes = host.byteSize();
        for (long at = 0; at < bytes; at += blockBytes) {
            long part = Math.min(blockBytes, bytes - at);
            MemorySegment.copy(host, at, next(), 0, part);
            send(target + at, part);
        }
    }

    /// Copies GPU memory of any size to host memory, once all that is queued is done.
    void download(long source, MemorySegment host) {
        long bytes = host.byteSize();
        for (long at = 0; at < bytes; at += blockBytes) {
            long part = Math.min(blockBytes, bytes - at);
            MemorySegment block = next();
            stream.copyToHost(block, source + at, part);
            stream.synchronize();
            MemorySegment.copy(block, 0, host, at, part);
        }
    }

    /// Gives the blocks back; no copy may be on its way.
    @Override
    public void close() {
        for (int i = 0; i < blocks.length; i++) {
            Cuda.destroyEvent(copied[i]);
            blocks[i].close();
        }
    }
}
