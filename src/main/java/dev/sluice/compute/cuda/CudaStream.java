package dev.sluice.compute.cuda;

import java.lang.foreign.MemorySegment;

/// A queue of copies and kernels that the GPU takes in order. Owned by the [CudaContext].
final class CudaStream implements AutoCloseable {
    private final MemorySegment handle = Cuda.createStream();

    /// What the driver calls it.
    MemorySegment handle() {
        return handle;
    }

    /// Copies host memory, which must keep its contents until the copy is done.
    void copyToDevice(long target, MemorySegment host, long bytes) {
        if (bytes > 0) {
            Cuda.copyToDevice(target, host, bytes, handle);
        }
    }

    /// Copies to host memory, which may be read once the stream is synchronised.
    void copyToHost(MemorySegment host, long source, long bytes) {
        if (bytes > 0) {
            Cuda.copyToHost(host, source, bytes, handle);
        }
    }

    /// Copies inside the GPU.
    void copy(long target, long source, long bytes) {
        if (bytes > 0) {
            Cuda.copy(target, source, bytes, handle);
        }
    }

    /// Sets every byte to 0.
    void zero(long target, long bytes) {
        if (bytes > 0) {
            Cuda.fill(target, (byte) 0, bytes, handle);
        }
    }

    /// Waits for all that was queued.
    ///
    /// @throws dev.sluice.compute.DeviceException if some of it failed
    void synchronize() {
        Cuda.synchronize(handle);
    }

    /// Whether all that was queued is done.
    ///
    /// @throws dev.sluice.compute.DeviceException if some of it failed
    boolean isDone() {
        return Cuda.isDone(handle);
    }

    @Override
    public void close() {
        Cuda.destroyStream(handle);
    }
}
