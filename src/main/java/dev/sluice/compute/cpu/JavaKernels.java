package dev.sluice.compute.cpu;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// The plain Java twins of the native kernels: the fallback where no library was built, and what
/// the tests hold the native kernels against.
final class JavaKernels implements CpuKernels {
    /// Value of [#name()].
    static final String NAME = "java";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int attentionTile(int headsPerUnit, boolean byTiles) {
        return JavaAttention.TILE;
    }

    @Override
    public boolean attentionByTiles(DType cache, int blockSize, int headDim) {
        return false;
    }

    @Override
    public OptionalInt attentionSegment() {
        return OptionalInt.empty();
    }

    @Override
    public Units pack(KernelArgs.Pack args) {
        return new JavaPack(args);
    }

    @Override
    public Units embedding(Panels table, MemorySegment ids, float scale, Tensor out) {
        KernelArgs.Embedding args = new KernelArgs.Embedding(table, ids, scale, out);
        return (begin, end) -> JavaRows.embedding(args, begin, end);
    }

    @Override
    public Units prepare(Tensor x, Prepared kind, MemorySegment out) {
        return new JavaPrepare(new KernelArgs.Prepare(x, kind, out));
    }

    @Override
    public int linearStreams(WeightFormat format, int rows) {
        return 1;
    }

    @Override
    public int linearParts(WeightFormat format, int rows, int threads) {
        return 1;
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
        return new JavaLinear(new KernelArgs.Linear(w, x, prepared, out, column));
    }

    @Override
    public Units rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        KernelArgs.RmsNorm args = new KernelArgs.RmsNorm(x, weight, eps, out);
        return (begin, end) -> JavaRows.rmsNorm(args, begin, end);
    }

    @Override
    public Units addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        KernelArgs.AddRmsNorm args = new KernelArgs.AddRmsNorm(residual, x, weight, eps, out);
        return (begin, end) -> JavaRows.addRmsNorm(args, begin, end);
    }

    @Override
    public Units add(Tensor x, MemorySegment y, long yStride) {
        KernelArgs.Add args = new KernelArgs.Add(x, y, yStride);
        return (begin, end) -> JavaRows.add(args, begin, end);
    }

    @Override
    public Units gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        KernelArgs.GatedActivation args = new KernelArgs.GatedActivation(activation, gateUp, out);
        return (begin, end) -> JavaRows.gatedActivation(args, begin, end);
    }

    @Override
    public Units gatherRows(Tensor x, MemorySegment rows, Tensor out) {
        KernelArgs.GatherRows args = new KernelArgs.GatherRows(x, rows, out);
        return (begin, end) -> JavaRows.gatherRows(args, begin, end);
    }

    @Override
    public Units argmax(Tensor x, MemorySegment ids) {
        KernelArgs.Argmax args = new KernelArgs.Argmax(x, ids);
        return (begin, end) -> JavaRows.argmax(args, begin, end);
    }

    /// The engine draws on the host then.
    @Override
    public boolean samples() {
        return false;
    }

    @Override
    public Units sample(Tensor logits, SamplingBatch batch, MemorySegment input) {
        throw new UnsupportedOperationException(name() + " draws no tokens");
    }

    @Override
    public Units rotaryTable(
            MemorySegment positions, MemorySegment frequencies, float factor, Tensor out) {
        KernelArgs.RotaryTable args =
                new KernelArgs.RotaryTable(positions, frequencies, factor, out);
        return (begin, end) -> JavaRotary.table(args, begin, end);
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
        KernelArgs.RotaryStore args = new KernelArgs.RotaryStore(q, k, v, rotary, spec, batch, kv);
        return (begin, end) -> JavaRotary.store(args, begin, end);
    }

    @Override
    public Units attention(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            AttentionTiles tiles,
            Tensor out) {
        return new JavaAttention(
                new KernelArgs.Attention(
                        q, kv, batch, spec, tiles.list(), tiles.headsPerUnit(), out));
    }

    @Override
    public Units mergeAttention(AttentionTiles tiles, AttentionSpec spec, Tensor out) {
        throw new UnsupportedOperationException("attention is never computed in parts");
    }

    @Override
    public long peak(WeightFormat.Encoding format, long rounds) {
        return 0;
    }

    /// Compares the halves, whatever the order: the JVM reads both with the widest loads that the
    /// processor has.
    @Override
    public Consumer<MemorySegment> reader(ReadOrder order) {
        return JavaKernels::compareHalves;
    }

    private static void compareHalves(MemorySegment data) {
        long half = data.byteSize() / 2;
        if (data.asSlice(0, half).mismatch(data.asSlice(half)) >= 0) {
            throw new IllegalStateException("the halves of the memory differ");
        }
    }

    @Override
    public Optional<OpList> opList(int threads, CpuProfile profile, CpuMemory memory) {
        return Optional.empty();
    }

    @Override
    public void close() {
        // Nothing was loaded.
    }
}
