package dev.sluice.compute.cuda;

import dev.sluice.compute.Activation;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;

/// Operations that work row by row: `native/cuda/rows.cu`. The shapes are checked by the device.
final class CudaRows implements AutoCloseable {
    private static final String MODULE = "rows";
    private static final int THREADS = 256;
    private static final int WARPS = THREADS / 32;

    /// Columns of a row that a block of an element-wise kernel takes.
    private static final int BLOCK_COLUMNS = 4 * THREADS;

    /// Longest group that one warp norms.
    private static final int WARP_GROUP = 512;

    /// Columns that a block searches for the largest.
    private static final int SEARCH_COLUMNS = 8 * BLOCK_COLUMNS;

    private static final int QUAD_BYTES = 16;

    private final CudaStream stream;
    private final CudaBatch batches;
    private final CudaFunction rmsNorm;
    private final CudaFunction rmsNormGroups;
    private final CudaFunction addRmsNorm;
    private final CudaFunction addRows;
    private final CudaFunction gatedSilu;
    private final CudaFunction gatedGeluTanh;
    private final CudaFunction gatherRows;
    private final CudaFunction argmaxParts;
    private final CudaFunction argmaxRows;
    private final CudaFunction zeroRows;
    private final CudaScratch found = new CudaScratch();
    private PinnedMemory ids = new PinnedMemory(QUAD_BYTES);

    CudaRows(CudaContext context, CudaBatch batches) {
        this.stream = context.stream();
        this.batches = batches;
        this.rmsNorm = context.function(MODULE, "rms_norm");
        this.rmsNormGroups = context.function(MODULE, "rms_norm_groups");
        this.addRmsNorm = context.function(MODULE, "add_rms_norm");
        this.addRows = context.function(MODULE, "add_rows");
        this.gatedSilu = context.function(MODULE, "gated_silu");
        this.gatedGeluTanh = context.function(MODULE, "gated_gelu_tanh");
        this.gatherRows = context.function(MODULE, "gather_rows");
        this.argmaxParts = context.function(MODULE, "argmax_parts");
        this.argmaxRows = context.function(MODULE, "argmax_rows");
        this.zeroRows = context.function(MODULE, "zero_rows");
    }

    /// As [dev.sluice.compute.Device#rmsNorm].
    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        int group = weight.shape().dim(0);
        int groups = x.columns() / group;
        boolean isWide = group > WARP_GROUP;
        CudaFunction kernel = isWide ? rmsNorm : rmsNormGroups;
        kernel.args().matrix(x).tensor(weight).f32(eps).matrix(out).i32(group);
        if (!isWide) {
            kernel.i32(groups).i32(x.rows());
        }
        kernel.flag(group % 4 == 0 && isInQuads(weight) && isInQuads(x) && isInQuads(out));
        if (isWide) {
            kernel.launch(x.rows(), groups, 1, THREADS, 0);
        } else {
            kernel.launch(Math.ceilDiv(x.rows() * groups, WARPS), THREADS);
        }
    }

    /// As [dev.sluice.compute.Device#addRmsNorm].
    void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        int group = weight.shape().dim(0);
        addRmsNorm.args().matrix(residual).matrix(x).tensor(weight).f32(eps).matrix(out).i32(group);
        addRmsNorm.flag(
                group % 4 == 0
                        && isInQuads(weight)
                        && isInQuads(residual)
                        && isInQuads(x)
                        && isInQuads(out));
        addRmsNorm.launch(x.rows(), x.columns() / group, 1, THREADS, 0);
    }

    /// As [dev.sluice.compute.Device#add].
    void add(Tensor x, Tensor y) {
        addRows.args().matrix(x).matrix(y).i32(x.columns()).flag(isInQuads(x) && isInQuads(y));
        launch(addRows, x);
    }

    /// As [dev.sluice.compute.Device#addBias].
    void addBias(Tensor x, Tensor bias) {
        addRows.args().matrix(x).tensor(bias).i64(0).i32(x.columns());
        addRows.flag(isInQuads(x) && isInQuads(bias));
        launch(addRows, x);
    }

    /// As [dev.sluice.compute.Device#gatedActivation].
    void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        CudaFunction kernel =
                switch (activation) {
                    case SILU -> gatedSilu;
                    case GELU_TANH -> gatedGeluTanh;
                };
        kernel.args().matrix(gateUp).matrix(out).i32(out.columns());
        kernel.flag(isInQuads(gateUp) && isInQuads(out));
        launch(kernel, out);
    }

    /// As [dev.sluice.compute.Device#gatherLogitRows].
    void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        gatherRows.args().matrix(x).i64(batches.of(batch).logitRows()).matrix(out);
        gatherRows.i32(x.columns()).flag(isInQuads(x) && isInQuads(out));
        launch(gatherRows, out);
    }

    /// As [dev.sluice.compute.Device#argmax].
    void argmax(Tensor logits, MemorySegment into) {
        int rows = logits.rows();
        int parts = Math.ceilDiv(logits.columns(), SEARCH_COLUMNS);
        if (rows == 0) {
            return;
        }
        long values = found.take(searchBytes(rows, parts));
        long columns = values + 4L * rows * parts;
        long best = columns + 4L * rows * parts;
        argmaxParts.args().matrix(logits).i64(values).i64(columns).i32(logits.columns());
        argmaxParts.i32(SEARCH_COLUMNS).flag(isInQuads(logits));
        argmaxParts.launch(rows, parts, 1, THREADS, 0);
        argmaxRows.args().i64(values).i64(columns).i32(parts).i64(best).launch(rows, 32);
        download(best, 4L * rows, into);
    }

    private static long searchBytes(int rows, int parts) {
        return 4L * rows * (2L * parts + 1);
    }

    /// Takes memory for [#argmax] of as many rows.
    void reserve(int maxRows, int columns) {
        found.take(searchBytes(maxRows, Math.ceilDiv(columns, SEARCH_COLUMNS)));
    }

    private void download(long from, long bytes, MemorySegment into) {
        if (ids.segment().byteSize() < bytes) {
            PinnedMemory larger = new PinnedMemory(2 * bytes);
            ids.close();
            ids = larger;
        }
        stream.copyToHost(ids.segment(), from, bytes);
        stream.synchronize();
        MemorySegment.copy(ids.segment(), 0, into, 0, bytes);
    }

    /// Sets a matrix to zeros.
    void zero(Tensor x) {
        zeroRows.args().matrix(x).i32(x.columns()).flag(isInQuads(x));
        launch(zeroRows, x);
    }

    private static void launch(CudaFunction elementwise, Tensor rows) {
        elementwise.launch(rows.rows(), Math.ceilDiv(rows.columns(), BLOCK_COLUMNS), 1, THREADS, 0);
    }

    /// Whether four columns at a time can be loaded.
    static boolean isInQuads(Tensor x) {
        boolean whole =
                x.shape().rank() == 1
                        ? x.shape().dim(0) % 4 == 0
                        : x.columns() % 4 == 0 && x.rowStride() % 4 == 0;
        return x.dtype() == DType.F32 && whole && x.data().address() % QUAD_BYTES == 0;
    }

    @Override
    public void close() {
        found.close();
        ids.close();
    }
}
