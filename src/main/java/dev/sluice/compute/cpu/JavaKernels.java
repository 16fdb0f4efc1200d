package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;

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
    public int attentionTile(int headsPerUnit, int headDim) {
        return JavaAttention.TILE;
    }

    @Override
    public boolean attentionByTiles(DType cache, int blockSize, int headDim) {
        return false;
    }

    @Override
    public int attentionSegment() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Units pack(KernelArgs.Pack args) {
        return new JavaPack(args);
    }

    @Override
    public Units embedding(KernelArgs.Embedding args) {
        return (begin, end) -> JavaRows.embedding(args, begin, end);
    }

    @Override
    public Units prepare(KernelArgs.Prepare args) {
        return new JavaPrepare(args);
    }

    @Override
    public Units linear(KernelArgs.Linear args) {
        return new JavaLinear(args);
    }

    @Override
    public Units rmsNorm(KernelArgs.RmsNorm args) {
        return (begin, end) -> JavaRows.rmsNorm(args, begin, end);
    }

    @Override
    public Units addRmsNorm(KernelArgs.AddRmsNorm args) {
        return (begin, end) -> JavaRows.addRmsNorm(args, begin, end);
    }

    @Override
    public Units add(KernelArgs.Add args) {
        return (begin, end) -> JavaRows.add(args, begin, end);
    }

    @Override
    public Units gatedActivation(KernelArgs.GatedActivation args) {
        return (begin, end) -> JavaRows.gatedActivation(args, begin, end);
    }

    @Override
    public Units gatherRows(KernelArgs.GatherRows args) {
        return (begin, end) -> JavaRows.gatherRows(args, begin, end);
    }

    @Override
    public Units argmax(KernelArgs.Argmax args) {
        return (begin, end) -> JavaRows.argmax(args, begin, end);
    }

    @Override
    public Units rotaryTable(KernelArgs.RotaryTable args) {
        return (begin, end) -> JavaRotary.table(args, begin, end);
    }

    @Override
    public Units rotaryStore(KernelArgs.RotaryStore args) {
        return (begin, end) -> JavaRotary.store(args, begin, end);
    }

    @Override
    public Units attention(KernelArgs.Attention args) {
        return new JavaAttention(args);
    }

    @Override
    public Units mergeAttention(KernelArgs.MergeAttention args) {
        throw new UnsupportedOperationException("attention is never computed in parts");
    }

    @Override
    public long peak(WeightFormat.Encoding format, long rounds) {
        return 0;
    }

    /// Compares the halves: the JVM reads both with the widest loads that the processor has.
    @Override
    public void read(MemorySegment data) {
        long half = data.byteSize() / 2;
        if (data.asSlice(0, half).mismatch(data.asSlice(half)) >= 0) {
            throw new IllegalStateException("the halves of the memory differ");
        }
    }

    @Override
    public void close() {
        // Nothing was loaded.
    }
}
