package dev.sluice.compute;

/// Memory for the activations of one step, handed out from one allocation by moving a mark.
///
/// Owned by the engine, which closes it; a model calls [#reset()] first and then [#take] for each
/// buffer. Call only on the engine thread.
public final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Device device;
    private final Tensor memory;
    private long used;

    /// Reserves the memory.
    ///
    /// @param bytes at least the sum over all tensors of one step, each rounded up to 64 bytes
    public Workspace(Device device, long bytes) {
        this.device = device;
        int words = Math.toIntExact(Math.ceilDiv(bytes, 4L * 1024));
        this.memory = device.allocate(DType.F32, Shape.of(words, 1024));
    }

    /// Forgets all tensors taken so far.
    public void reset() {
        used = 0;
    }

    /// Takes an uninitialised, contiguous tensor that is valid until the next [#reset()].
    ///
    /// @throws DeviceException if the workspace is too small
    public Tensor take(DType dtype, Shape shape) {
        long bytes = bytesFor(dtype, shape);
        if (bytes > memory.data().byteSize() - used) {
            throw new DeviceException(
                    "workspace of %d bytes has no room for %s%s after %d bytes"
                            .formatted(memory.data().byteSize(), dtype, shape, used));
        }
        Tensor tensor =
                Tensor.contiguous(
                        dtype,
                        shape,
                        memory.data().asSlice(used, dtype.bytesFor(shape.elements())));
        used += bytes;
        return tensor;
    }

    /// Bytes that [#take] uses for a tensor.
    public static long bytesFor(DType dtype, Shape shape) {
        return Math.ceilDiv(dtype.bytesFor(shape.elements()), ALIGNMENT) * ALIGNMENT;
    }

    @Override
    public void close() {
        device.release(memory);
    }
}
