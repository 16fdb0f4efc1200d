package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.lang.foreign.MemorySegment;

/// A piece of GPU memory. Whoever allocated it closes it, on the device's thread.
final class DeviceMemory implements AutoCloseable {
    private static final double MEGABYTE = 1e6;

    private final long address;
    private final long bytes;
    private boolean released;

    private DeviceMemory(long address, long bytes) {
        this.address = address;
        this.bytes = bytes;
    }

    /// Allocates memory that holds anything.
    ///
    /// @param bytes may be 0: then nothing is allocated
    /// @throws DeviceException if there is not enough
    static DeviceMemory allocate(long bytes) {
        if (bytes == 0) {
            return new DeviceMemory(0, 0);
        }
        long free = Cuda.freeBytes();
        if (bytes > free) {
            throw new DeviceException(
                    "not enough GPU memory: %.0f MB wanted, %.0f MB free"
                            .formatted(bytes / MEGABYTE, free / MEGABYTE));
        }
        return new DeviceMemory(Cuda.allocate(bytes), bytes);
    }

    /// Where it begins; a multiple of 256.
    long address() {
        return address;
    }

    /// Its size.
    long bytes() {
        return bytes;
    }

    /// The memory as a tensor's data: it can be sliced, and must not be read or written.
    MemorySegment data() {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /// Gives it back; the driver waits for the work that uses it. Idempotent.
    @Override
    public void close() {
        if (!released && bytes > 0) {
            Cuda.free(address);
        }
        released = true;
    }
}
