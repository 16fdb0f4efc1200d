package dev.sluice.compute;

/// Memory for the activations of one step, handed out from one allocation by moving a mark. Where
/// there are several ranks there is a second one, for what is the same on all of them.
///
/// Owned by the engine, which closes it; a model calls [#reset()] first and then [#take] for each
/// buffer. Call only on the engine thread.
public final class Workspace implements AutoCloseable {
    private static final long ALIGNMENT = 64;

    private final Device device;
    private final Tensor memory;
    private final Tensor replicated;
    private long used;
    private long usedReplicated;

    /// Reserves the memory.
    ///
    /// @param bytes at least the sum over all tensors of one step, each rounded up to 64 bytes; on
    ///   several ranks each of the two allocations has as many
    public Workspace(Device device, long bytes) {
        this.device = device;
        int words = Math.toIntExact(Math.ceilDiv(bytes, 4L * 1024));
        Shape shape = Shape.of(words, 1024);
        try (MadeSoFar made = new MadeSoFar()) {
            this.replicated =
                    made.keep(device.allocateReplicated(DType.F32, shape), device::release);
            this.memory = device.ranks() == 1 ? replicated : device.allocate(DType.F32, shape);
            made.complete();
        }
    }

    /// Forgets all tensors taken so far.
    public void reset() {
        used = 0;
        usedReplicated = 0;
    }

    /// Takes an uninitialised, contiguous tensor that is valid until the next [#reset()].
    ///
    /// @throws DeviceException if the workspace is too small
    public Tensor take(DType dtype, Shape shape) {
        Tensor tensor = take(memory, used, dtype, shape);
        used += bytesFor(dtype, shape);
        return tensor;
    }

    /// Like [#take], for what is the same on all ranks.
    ///
    /// @throws DeviceException if the workspace is too small
    public Tensor takeReplicated(DType dtype, Shape shape) {
        if (replicated == memory) {
            return take(dtype, shape);
        }
        Tensor tensor = take(replicated, usedReplicated, dtype, shape);
        usedReplicated += bytesFor(dtype, shape);
        return tensor;
    }

    private static Tensor take(Tensor memory, long used, DType dtype, Shape shape) {
        if (bytesFor(dtype, shape) > memory.data().byteSize() - used) {
            throw new DeviceException(
                    "workspace of %d bytes has no room for %s%s after %d bytes"
                            .formatted(memory.data().byteSize(), dtype, shape, used));
        }
        return Tensor.contiguous(
                dtype, shape, memory.data().asSlice(used, dtype.bytesFor(shape.elements())));
    }

    /// Bytes that [#take] uses for a tensor.
    public static long bytesFor(DType dtype, Shape shape) {
        return Math.ceilDiv(dtype.bytesFor(shape.elements()), ALIGNMENT) * ALIGNMENT;
    }

    @Override
    public void close() {
        if (replicated != memory) {
            device.release(memory);
        }
        device.release(replicated);
    }
}
