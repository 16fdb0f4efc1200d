package dev.sluice.compute.cuda;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.compute.weights.WeightFormat.Encoding;
import dev.sluice.compute.weights.WeightGroup;

import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Weights on the GPU and products with them. Matrices of floats go to cuBLAS, with the activations
/// rounded to the weights' type; quantised ones to `native/cuda/linear_few.cu` for a few rows, with
/// float32 activations, and to `native/cuda/linear_gemm.cu` for more, with bfloat16 ones. The
/// shapes are checked by the device.
final class CudaLinear implements AutoCloseable {
    /// Rows of activations up to which weights and activations are multiplied as they are: a tile
    /// of the product of more, which takes as long for one row as for all of its 64.
    static final int FEW_ROWS = 64;

    private static final int GEMV_THREADS = 128;
    private static final int GEMV_OUTPUTS = 8;
    private static final int GEMM_STEP = 64;
    private static final int CONVERT_THREADS = 128;
    private static final int CONVERT_COLUMNS = 8 * CONVERT_THREADS;

    private static final String CONVERT_MODULE = "convert";
    private static final String GEMV_MODULE = "linear_gemv";
    private static final String FEW_MODULE = "linear_few";
    private static final String GEMM_MODULE = "linear_gemm";

    private final CudaContext context;
    private final int multiprocessors;
    private final CudaPacker packer;
    private final CudaScratch rounded = new CudaScratch();
    private final Map<Encoding, CudaFunction> conversions = new HashMap<>();
    private final Map<WeightFormat, CudaFunction> gemvs = new HashMap<>();
    private final Map<WeightFormat, Map<FewTile, CudaFunction>> fews = new HashMap<>();
    private final Map<WeightFormat, Map<GemmTile, CudaFunction>> gemms = new HashMap<>();
    private final Set<CudaMatrix> matrices = Collections.newSetFromMap(new IdentityHashMap<>());

    /// @param staging the way of weights to the GPU
    CudaLinear(CudaContext context, StagingRing staging) {
        this.context = context;
        this.multiprocessors = context.multiprocessors();
        this.packer = new CudaPacker(staging);
    }

    /// As [dev.sluice.compute.Device#pack].
    PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        CudaMatrix matrix = packer.pack(parts, packing);
        matrices.add(matrix);
        return matrix;
    }

    /// As [dev.sluice.compute.Device#release(PackedMatrix)].
    void release(PackedMatrix matrix) {
        CudaMatrix own = own("release", matrix);
        ShapeChecks.that(matrices.remove(own), "release", "the matrix was released before");
        own.release();
    }

    /// The matrix as this device made it.
    ///
    /// @throws IllegalArgumentException if another device did
    static CudaMatrix own(String op, PackedMatrix matrix) {
        if (matrix instanceof CudaMatrix own) {
            return own;
        }
        throw new IllegalArgumentException(op + ": the matrix was packed by another device");
    }

    /// Takes memory for the rounded activations of as many tokens, and loads what multiplies.
    void reserve(int maxTokens) {
        context.cublas();
        int widest = 0;
        for (CudaMatrix matrix : matrices) {
            for (CudaMatrix.Segment segment : matrix.segments()) {
                if (activations(segment, Integer.MAX_VALUE) != Encoding.F32) {
                    widest = Math.max(widest, segment.layout().cols());
                }
                loadKernels(segment.layout().format());
            }
        }
        if (widest > 0) {
            rounded.take((long) Short.BYTES * roundedStride(widest) * maxTokens);
        }
    }

    private void loadKernels(WeightFormat format) {
        switch (format.encoding()) {
            case F32 -> {}
            case F16, BF16 -> context.load(CONVERT_MODULE);
            case INT8, INT4 -> {
                context.load(CONVERT_MODULE);
                context.load(GEMV_MODULE);
                context.load(FEW_MODULE);
                context.load(GEMM_MODULE);
            }
            case INT8_ROW -> throw RowLayout.unknown(format.encoding());
        }
    }

    /// As [dev.sluice.compute.Device#linear].
    void linear(Tensor x, CudaMatrix w, Tensor out) {
        Encoding last = Encoding.F32;
        long activations = 0;
        int column = 0;
        for (CudaMatrix.Segment segment : w.segments()) {
            Tensor part = out.columns(column, column + segment.rows());
            column += segment.rows();
            Encoding needed = activations(segment, x.rows());
            if (needed != Encoding.F32 && needed != last) {
                activations = round(x, needed);
                last = needed;
            }
            if (segment.rows() > 0) {
                multiply(x, activations, segment, part);
            }
        }
    }

    /// The type in which a segment takes its activations.
    private static Encoding activations(CudaMatrix.Segment w, int n) {
        Encoding encoding = w.layout().format().encoding();
        return switch (encoding) {
            case F32, F16, BF16 -> encoding;
            case INT8, INT4 -> n <= FEW_ROWS ? Encoding.F32 : Encoding.BF16;
            case INT8_ROW -> throw RowLayout.unknown(encoding);
        };
    }

    private void multiply(Tensor x, long activations, CudaMatrix.Segment w, Tensor out) {
        switch (w.layout().format().encoding()) {
            case F32 -> gemmEx(DType.F32, x.data().address(), x.rowStride(), w, out);
            case F16 -> gemmEx(DType.F16, activations, roundedStride(x), w, out);
            case BF16 -> gemmEx(DType.BF16, activations, roundedStride(x), w, out);
            case INT8, INT4 -> {
                if (x.rows() <= FEW_ROWS) {
                    multiplyFew(x, w, out);
                } else {
                    gemm(x, activations, w, out);
                }
            }
            case INT8_ROW -> throw RowLayout.unknown(Encoding.INT8_ROW);
        }
    }

    private void gemmEx(DType type, long x, long xStride, CudaMatrix.Segment w, Tensor out) {
        RowLayout layout = w.layout();
        context.cublas()
                .linear(
                        type,
                        x,
                        xStride,
                        out.rows(),
                        w.memory().address(),
                        layout.floatStride(),
                        w.rows(),
                        layout.cols(),
                        out.data().address(),
                        out.rowStride());
    }

    /// Elements between rows of rounded activations: whole steps of the GEMM.
    private static int roundedStride(Tensor x) {
        return roundedStride(x.columns());
    }

    private static int roundedStride(int columns) {
        return Math.ceilDiv(columns, GEMM_STEP) * GEMM_STEP;
    }

    /// Rounds the activations to 16 bits, into scratch memory.
    private long round(Tensor x, Encoding to) {
        int stride = roundedStride(x);
        long address = rounded.take((long) Short.BYTES * stride * x.rows());
        CudaFunction kernel =
                conversions.computeIfAbsent(
                        to,
                        type ->
                                context.function(
                                        CONVERT_MODULE,
                                        type == Encoding.F16 ? "convert_f16" : "convert_bf16"));
        kernel.args().matrix(x).i32(x.columns()).i64(address).i32(stride);
        kernel.launch(x.rows(), Math.ceilDiv(stride, CONVERT_COLUMNS), 1, CONVERT_THREADS, 0);
        return address;
    }

    /// One row, too, goes to the tensor cores: though it leaves seven of eight of their columns
    /// idle, it has the bits that it has among others, and its activations are read once for eight
    /// outputs rather than for two.
    private void multiplyFew(Tensor x, CudaMatrix.Segment w, Tensor out) {
        int n = x.rows();
        if (CudaRows.isInQuads(x) && x.columns() % WeightGroup.SIZE == 0) {
            FewTile tile = FewTile.of(w.rows(), n);
            WeightArguments.weights(few(w.layout().format(), tile).args(), w)
                    .matrix(x)
                    .i32(n)
                    .matrix(out)
                    .launch(
                            Math.ceilDiv(w.rows(), tile.outputs()),
                            Math.ceilDiv(n, tile.rows()),
                            1,
                            tile.threads(),
                            tile.sharedBytes());
            return;
        }
        // Also rows that no model has: of parts of groups, or not at multiples of 16 bytes.
        for (int row = 0; row < n; row++) {
            gemv(x.rows(row, row + 1), w, out.rows(row, row + 1));
        }
    }

    private CudaFunction few(WeightFormat format, FewTile tile) {
        return fews.computeIfAbsent(format, _ -> new EnumMap<>(FewTile.class))
                .computeIfAbsent(
                        tile,
                        _ ->
                                context.function(
                                        FEW_MODULE,
                                        tile.kernel() + "_" + WeightArguments.suffix(format)));
    }

    private void gemv(Tensor x, CudaMatrix.Segment w, Tensor out) {
        CudaFunction kernel =
                gemvs.computeIfAbsent(
                        w.layout().format(),
                        format ->
                                context.function(
                                        GEMV_MODULE, "gemv_" + WeightArguments.suffix(format)));
        WeightArguments.weights(kernel.args(), w)
                .tensor(x)
                .flag(CudaRows.isInQuads(x))
                .tensor(out)
                .launch(Math.ceilDiv(w.rows(), GEMV_OUTPUTS), GEMV_THREADS);
    }

    private void gemm(Tensor x, long activations, CudaMatrix.Segment w, Tensor out) {
        GemmTile tile = GemmTile.of(w.rows(), x.rows(), multiprocessors);
        WeightArguments.weights(gemm(w.layout().format(), tile).args(), w)
                .i64(activations)
                .i32(roundedStride(x))
                .i32(x.rows())
                .matrix(out)
                .launch(
                        Math.ceilDiv(w.rows(), tile.outputs()),
                        Math.ceilDiv(x.rows(), GemmTile.ROWS),
                        1,
                        GemmTile.THREADS,
                        tile.sharedBytes());
    }

    private CudaFunction gemm(WeightFormat format, GemmTile tile) {
        return gemms.computeIfAbsent(format, _ -> new EnumMap<>(GemmTile.class))
                .computeIfAbsent(
                        tile,
                        _ ->
                                context.function(
                                        GEMM_MODULE,
                                        tile.kernel() + "_" + WeightArguments.suffix(format)));
    }

    /// Gives back scratch memory and matrices that were not released.
    @Override
    public void close() {
        packer.close();
        rounded.close();
        matrices.forEach(CudaMatrix::release);
        matrices.clear();
    }
}
