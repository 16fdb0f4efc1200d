package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Tensor;

/// Rows of embedding tables.
@SuppressWarnings("DoNotCallSuggester")
final class CudaEmbedding {
    CudaEmbedding(CudaContext context, CudaBatch batches) {}

    /// As [dev.sluice.compute.Device#embedding].
    void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        throw new DeviceException("the embedding on CUDA is not there yet");
    }
}
