package dev.sluice.compute.cuda;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;

/// Attention over paged keys and values.
@SuppressWarnings("DoNotCallSuggester")
final class CudaAttention implements AutoCloseable {
    CudaAttention(CudaContext context, CudaBatch batches) {}

    /// As [dev.sluice.compute.Device#attention]; the shapes are checked.
    void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        throw new DeviceException("attention on CUDA is not there yet");
    }

    /// Gives back scratch memory.
    @Override
    public void close() {}
}
