package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Tensor;

import java.util.List;

/// Weights on the GPU and products with them.
@SuppressWarnings("DoNotCallSuggester")
final class CudaLinear implements AutoCloseable {
    /// @param staging the way of weights to the GPU
    CudaLinear(CudaContext context, StagingRing staging) {}

    /// As [dev.sluice.compute.Device#pack].
    PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        throw new DeviceException("packing on CUDA is not there yet");
    }

    /// As [dev.sluice.compute.Device#release(PackedMatrix)].
    void release(PackedMatrix matrix) {
        throw new DeviceException("packing on CUDA is not there yet");
    }

    /// As [dev.sluice.compute.Device#linear].
    void linear(Tensor x, PackedMatrix w, Tensor out) {
        throw new DeviceException("linear on CUDA is not there yet");
    }

    /// Gives back scratch memory and matrices that were not released.
    @Override
    public void close() {}
}
