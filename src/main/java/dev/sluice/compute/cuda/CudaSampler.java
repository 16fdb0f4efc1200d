package dev.sluice.compute.cuda;

import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;

/// Draws tokens: `native/cuda/sampling.cu`. A step takes one copy in, one kernel and one small copy
/// back; a batch's memory on the GPU is reserved when it comes for the first time.
final class CudaSampler implements AutoCloseable {
    private static final int WARP = 32;
    private static final int LEAST_THREADS = 128;
    private static final int MOST_THREADS = 1024;

    /// Ids for which one more thread pays.
    private static final int IDS_OF_THREAD = 8;

    private static final long ALIGNMENT = 256;

    private final StagingRing staging;
    private final CudaFunction sampleRows;
    private final CudaScratch memory = new CudaScratch();

    /// @param staging not closed here
    CudaSampler(CudaContext context, StagingRing staging) {
        this.staging = staging;
        this.sampleRows = context.function("sampling", "sample_rows");
    }

    /// Takes memory for batches of so many bytes.
    void reserve(long samplingBytes) {
        memory.take(samplingBytes + ALIGNMENT);
    }

    /// As [dev.sluice.compute.Device#sample].
    void sample(Tensor logits, SamplingBatch batch) {
        ShapeChecks.sampling("sample", logits, batch);
        if (batch.numRows() == 0) {
            return;
        }
        long inputBytes = Math.ceilDiv(batch.maxInputBytes(), ALIGNMENT) * ALIGNMENT;
        long input = memory.take(inputBytes + batch.maxResultBytes());
        long results = input + inputBytes;
        staging.upload(batch.input(), input);
        sampleRows.args().matrix(logits).i32(batch.numIds());
        sampleRows.i64(input).i64(batch.poolAt()).i64(results);
        sampleRows.launch(batch.numRows(), threadsFor(batch.numIds()));
        staging.download(results, batch.results());
    }

    /// The results do not depend on it.
    private static int threadsFor(int numIds) {
        int wanted = Math.ceilDiv(numIds, IDS_OF_THREAD * WARP) * WARP;
        return Math.clamp(wanted, LEAST_THREADS, MOST_THREADS);
    }

    @Override
    public void close() {
        memory.close();
    }
}
