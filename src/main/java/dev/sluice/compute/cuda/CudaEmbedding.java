package dev.sluice.compute.cuda;

import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.WeightFormat;

import java.util.HashMap;
import java.util.Map;

/// Rows of embedding tables: `native/cuda/embedding.cu`. Shapes and token ids are checked by the
/// device.
final class CudaEmbedding {
    private static final String MODULE = "embedding";
    private static final int THREADS = 128;
    private static final int BLOCK_COLUMNS = 8 * THREADS;

    private final CudaContext context;
    private final CudaBatch batches;
    private final Map<WeightFormat, CudaFunction> kernels = new HashMap<>();

    CudaEmbedding(CudaContext context, CudaBatch batches) {
        this.context = context;
        this.batches = batches;
    }

    /// As [dev.sluice.compute.Device#embeddingShard].
    void embedding(CudaMatrix table, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        ShapeChecks.that(
                table.segments().size() == 1, "embedding", "a table needs one number format");
        CudaMatrix.Segment rows = table.segments().getFirst();
        CudaFunction kernel =
                kernels.computeIfAbsent(
                        rows.layout().format(),
                        format ->
                                context.function(
                                        MODULE, "embedding_" + WeightArguments.suffix(format)));
        WeightArguments.weights(kernel.args(), rows)
                .i64(batches.of(batch).tokenIds())
                .i32(firstToken)
                .f32(scale)
                .matrix(out)
                .launch(out.rows(), Math.ceilDiv(out.columns(), BLOCK_COLUMNS), 1, THREADS, 0);
    }
}
