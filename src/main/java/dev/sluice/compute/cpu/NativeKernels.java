package dev.sluice.compute.cpu;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongBinaryOperator;

/// The native kernels. An operation fills its argument struct, which is reserved once, and returns
/// the call that is bound to it: nothing is allocated.
final class NativeKernels implements CpuKernels {
    private final NativeLibrary library;
    private final String name;

    // For one row, by the code of the number format.
    private final int[] linearStreams;

    // The least for a thread of its own, by the same code.
    private final int[] linearPartRows;
    private final LongBinaryOperator attentionTile;
    private final LongBinaryOperator attentionByTiles;
    private final int attentionSegment;
    private final LongBinaryOperator peak;
    private final EnumMap<NativeOp, Call> calls = new EnumMap<>(NativeOp.class);

    private record Call(ArgStruct args, Units units) {
        ArgStruct begin() {
            return args.begin();
        }

        Units end() {
            args.end();
            return units;
        }
    }

    /// Runs a library that the new object owns.
    ///
    /// @param name the instruction set in use
    NativeKernels(NativeLibrary library, String name) {
        this.library = library;
        this.name = name;
        this.linearStreams = library.linearStreams();
        this.linearPartRows = library.linearPartRows();
        this.attentionTile = library.attentionTile();
        this.attentionByTiles = library.attentionByTiles();
        this.attentionSegment = Math.toIntExact(library.attentionSegment());
        this.peak = library.peak();
        for (NativeOp op : NativeOp.values()) {
            ArgStruct args = library.struct(op);
            calls.put(op, new Call(args, library.bind(op, args)));
        }
    }

    private Call call(NativeOp op) {
        Call call = calls.get(op);
        if (call == null) {
            throw new IllegalStateException("not bound: " + op);
        }
        return call;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int attentionTile(int headsPerUnit, boolean byTiles) {
        return Math.toIntExact(attentionTile.applyAsLong(headsPerUnit, byTiles ? 1 : 0));
    }

    @Override
    public boolean attentionByTiles(DType cache, int blockSize, int headDim) {
        return cache == DType.BF16 && attentionByTiles.applyAsLong(blockSize, headDim) != 0;
    }

    @Override
    public OptionalInt attentionSegment() {
        return OptionalInt.of(attentionSegment);
    }

    @Override
    public Units pack(KernelArgs.Pack args) {
        Call call = call(NativeOp.PACK);
        MatrixSource source = args.source();
        call.begin()
                .matrix(args.dst())
                .pointer(source.data())
                .integer(code(source.dtype()))
                .integer(source.rows())
                .integer(source.rowStride())
                .flag(source.transposed())
                .pointer(args.rowOrder())
                .integer(args.dstRow())
                .integer(source.firstColumn())
                .pointer(args.rowScales());
        return call.end();
    }

    @Override
    public Units embedding(Panels table, MemorySegment ids, float scale, Tensor out) {
        Call call = call(NativeOp.EMBEDDING);
        ArgStruct struct = call.begin();
        struct.matrix(table).pointer(ids).real(scale);
        tensor(struct, out);
        return call.end();
    }

    @Override
    public Units prepare(Tensor x, Prepared kind, MemorySegment out) {
        Call call = call(NativeOp.PREPARE);
        int cols = x.columns();
        tensor(call.begin(), x)
                .integer(cols)
                .integer(kind.code())
                .pointer(out)
                .integer(kind.stride(cols));
        return call.end();
    }

    @Override
    public int linearStreams(WeightFormat format, int rows) {
        return rows == 1 ? linearStreams[format.encoding().code()] : 1;
    }

    @Override
    public int linearParts(WeightFormat format, int rows, int threads) {
        int least = linearPartRows[format.encoding().code()];
        return least > 0 && rows / threads >= least ? threads : 1;
    }

    @Override
    public Units linear(
            Panels w,
            Tensor x,
            MemorySegment prepared,
            int streams,
            int parts,
            Tensor out,
            int column) {
        Call call = call(NativeOp.LINEAR);
        ArgStruct struct = call.begin();
        tensor(struct.matrix(w), x)
                .pointer(prepared)
                .integer(Prepared.of(w.format()).stride(w.cols()))
                .integer(x.rows())
                .pointer(out.data(), (long) Float.BYTES * column)
                .integer(out.rowStride())
                .integer(streams)
                .integer(parts)
                // What is fetched meanwhile, which the list of a step plans.
                .pointer(MemorySegment.NULL)
                .pointer(MemorySegment.NULL)
                .integer(0)
                .integer(0);
        return call.end();
    }

    @Override
    public Units rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        Call call = call(NativeOp.RMS_NORM);
        ArgStruct struct = call.begin();
        tensor(struct, x);
        norm(struct, weight, x.columns(), eps, out);
        return call.end();
    }

    @Override
    public Units addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        Call call = call(NativeOp.ADD_RMS_NORM);
        ArgStruct struct = call.begin();
        tensor(tensor(struct, residual), x);
        norm(struct, weight, x.columns(), eps, out);
        return call.end();
    }

    private static void norm(ArgStruct struct, Tensor weight, int cols, float eps, Tensor out) {
        struct.pointer(weight.data()).integer(weight.shape().dim(0)).integer(cols).real(eps);
        tensor(struct, out);
    }

    @Override
    public Units add(Tensor x, MemorySegment y, long yStride) {
        Call call = call(NativeOp.ADD);
        tensor(call.begin(), x).pointer(y).integer(yStride).integer(x.columns());
        return call.end();
    }

    @Override
    public Units gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        Call call = call(NativeOp.GATED_ACTIVATION);
        ArgStruct struct = call.begin();
        tensor(struct, gateUp).integer(out.columns()).integer(code(activation));
        tensor(struct, out);
        return call.end();
    }

    @Override
    public Units gatherRows(Tensor x, MemorySegment rows, Tensor out) {
        Call call = call(NativeOp.GATHER_ROWS);
        ArgStruct struct = call.begin();
        tensor(struct, x).pointer(rows).integer(x.columns());
        tensor(struct, out);
        return call.end();
    }

    @Override
    public Units argmax(Tensor x, MemorySegment ids) {
        Call call = call(NativeOp.ARGMAX);
        tensor(call.begin(), x).integer(x.columns()).pointer(ids);
        return call.end();
    }

    @Override
    public boolean samples() {
        return true;
    }

    @Override
    public Units sample(Tensor logits, SamplingBatch batch, MemorySegment input) {
        Call call = call(NativeOp.SAMPLE);
        tensor(call.begin(), logits)
                .integer(batch.numIds())
                .pointer(input)
                .integer(batch.poolAt())
                .pointer(batch.allResults());
        return call.end();
    }

    @Override
    public Units rotaryTable(
            MemorySegment positions, MemorySegment frequencies, float factor, Tensor out) {
        Call call = call(NativeOp.ROTARY_TABLE);
        ArgStruct struct = call.begin();
        struct.pointer(positions).pointer(frequencies).integer(out.columns() / 2).real(factor);
        tensor(struct, out);
        return call.end();
    }

    @Override
    public Units rotaryStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        Call call = call(NativeOp.ROTARY_STORE);
        ArgStruct struct = call.begin();
        tensor(struct, q);
        tensor(struct, k);
        tensor(struct, v);
        tensor(struct, rotary)
                .integer(q.columns() / spec.headDim())
                .integer(k.columns() / spec.headDim())
                .integer(spec.headDim())
                .integer(spec.rotaryDim())
                .flag(spec.interleaved())
                .pointer(batch.positions())
                .pointer(batch.sequenceOfToken())
                .pointer(batch.blockTables())
                .integer(batch.maxBlocksPerSequence())
                .integer(batch.blockSize())
                .pointer(kv.data())
                .integer(code(kv.dtype()));
        return call.end();
    }

    @Override
    public Units attention(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            AttentionTiles tiles,
            Tensor out) {
        Call call = call(NativeOp.ATTENTION);
        ArgStruct struct = call.begin();
        tensor(struct, q)
                .pointer(kv.data())
                .integer(code(kv.dtype()))
                .integer(batch.blockSize())
                .integer(spec.numHeads())
                .integer(spec.numKvHeads())
                .integer(spec.headDim())
                .real(spec.scale())
                .integer(spec.slidingWindow().orElse(0))
                .pointer(batch.seqStarts())
                .pointer(batch.contextLengths())
                .pointer(batch.blockTables())
                .integer(batch.maxBlocksPerSequence())
                .pointer(tiles.list())
                .integer(tiles.headsPerUnit());
        tensor(struct, out).pointer(tiles.partials()).integer(AttentionTiles.partialStride(spec));
        return call.end();
    }

    @Override
    public Units mergeAttention(AttentionTiles tiles, AttentionSpec spec, Tensor out) {
        Call call = call(NativeOp.MERGE_ATTENTION);
        ArgStruct struct = call.begin();
        struct.pointer(tiles.partials())
                .integer(AttentionTiles.partialStride(spec))
                .pointer(tiles.merges())
                .integer(spec.numHeads())
                .integer(spec.headDim());
        tensor(struct, out);
        return call.end();
    }

    private static ArgStruct tensor(ArgStruct struct, Tensor tensor) {
        return struct.pointer(tensor.data()).integer(tensor.rowStride());
    }

    private static int code(DType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case BF16 -> 2;
            case Q4_0 -> 3;
            case Q4_1 -> 4;
            case Q5_0 -> 5;
            case Q5_1 -> 6;
            case Q8_0 -> 7;
            case Q4_K -> 8;
            case Q5_K -> 9;
            case Q6_K -> 10;
            case I8 -> 11;
            case I32 -> throw new IllegalArgumentException(type + " is no type of weights");
        };
    }

    private static int code(Activation activation) {
        return switch (activation) {
            case SILU -> 0;
            case GELU_TANH -> 1;
        };
    }

    @Override
    public long peak(WeightFormat.Encoding format, long rounds) {
        return peak.applyAsLong(format.code(), rounds);
    }

    // What is read does not matter.
    @SuppressWarnings("ReturnValueIgnored")
    @Override
    public Consumer<MemorySegment> reader(ReadOrder order) {
        LongBinaryOperator read = library.read(order);
        return data -> read.applyAsLong(data.address(), data.byteSize());
    }

    @Override
    public Optional<OpList> opList(int threads, CpuProfile profile, CpuMemory memory) {
        return Optional.of(library.opList(threads, profile, memory));
    }

    @Override
    public void close() {
        library.close();
    }
}
