package dev.sluice.compute.cuda;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;

import java.util.IdentityHashMap;

/// The tensors that a device handed out, and their memory.
final class CudaMemory implements AutoCloseable {
    private final CudaStream stream;
    private final IdentityHashMap<Tensor, DeviceMemory> tensors = new IdentityHashMap<>();

    CudaMemory(CudaContext context) {
        this.stream = context.stream();
    }

    /// As [dev.sluice.compute.Device#allocate].
    Tensor allocate(DType dtype, Shape shape) {
        DeviceMemory memory = DeviceMemory.allocate(dtype.bytesFor(shape.elements()));
        stream.zero(memory.address(), memory.bytes());
        Tensor tensor = Tensor.contiguous(dtype, shape, memory.data());
        tensors.put(tensor, memory);
        return tensor;
    }

    /// As [dev.sluice.compute.Device#release(Tensor)].
    void release(Tensor tensor) {
        DeviceMemory memory = tensors.remove(tensor);
        if (memory == null) {
            throw ShapeChecks.wrong("release", "the tensor", tensor, "one that is allocated here");
        }
        memory.close();
    }

    /// Releases everything.
    @Override
    public void close() {
        tensors.values().forEach(DeviceMemory::close);
        tensors.clear();
    }
}
