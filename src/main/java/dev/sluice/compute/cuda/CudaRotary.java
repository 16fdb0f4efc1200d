package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;

/// Rotary positions, and keys and values on their way into the cache.
final class CudaRotary implements AutoCloseable {
    CudaRotary(CudaContext context, CudaBatch batches) {}

    /// As [dev.sluice.compute.Device#rotaryTable]; the shapes are checked.
    void table(ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        throw new DeviceException("the rotary table on CUDA is not there yet");
    }

    /// As [dev.sluice.compute.Device#rotaryAndStore]; the shapes are checked.
    void store(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        throw new DeviceException("the rotation on CUDA is not there yet");
    }

    /// Gives back the frequencies.
    @Override
    public void close() {}
}
