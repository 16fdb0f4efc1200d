package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;

/// The operations of the CPU device, each as units of work over the same bytes.
///
/// Two implementations: the native ones and their plain twin, [JavaKernels]. A call only prepares;
/// the units that it returns do the work and may run on several threads at once. They are valid
/// until the same operation is prepared again. Call on the engine thread.
interface CpuKernels extends AutoCloseable {
    /// What runs, in one word: `java`, or the name of the instruction set.
    String name();

    /// Tokens of one attention tile that suit the kernel.
    int attentionTile(int headsPerUnit, int headDim);

    /// Whether query rows meet the cache in tiles, so that the heads of a unit cost hardly more
    /// than one of them.
    boolean attentionByTiles(DType cache, int blockSize, int headDim);

    /// Positions of a segment: attention to more of them can be cut there and computed in parts.
    /// Never cut: `Integer.MAX_VALUE`.
    int attentionSegment();

    /// Unit: a panel of the matrix.
    Units pack(KernelArgs.Pack args);

    /// Unit: a token.
    Units embedding(KernelArgs.Embedding args);

    /// Unit: a row.
    Units prepare(KernelArgs.Prepare args);

    /// Unit: a panel of 32 outputs, all rows.
    Units linear(KernelArgs.Linear args);

    /// Unit: a row.
    Units rmsNorm(KernelArgs.RmsNorm args);

    /// Unit: a row.
    Units addRmsNorm(KernelArgs.AddRmsNorm args);

    /// Unit: a row.
    Units add(KernelArgs.Add args);

    /// Unit: a row.
    Units gatedActivation(KernelArgs.GatedActivation args);

    /// Unit: a row.
    Units gatherRows(KernelArgs.GatherRows args);

    /// Unit: a row.
    Units argmax(KernelArgs.Argmax args);

    /// Unit: a token.
    Units rotaryTable(KernelArgs.RotaryTable args);

    /// Unit: a token.
    Units rotaryStore(KernelArgs.RotaryStore args);

    /// Unit: `headsPerUnit` query heads of one tile.
    Units attention(KernelArgs.Attention args);

    /// Units are pairs of a row to merge and a head.
    Units mergeAttention(KernelArgs.MergeAttention args);

    /// Does arithmetic and nothing else, for measuring; several threads at once.
    ///
    /// @return operations done, in proportion to `rounds`; 0 where there is no telling
    long peak(WeightFormat.Encoding format, long rounds);

    /// Reads memory and does nothing else, for measuring; several threads at once.
    ///
    /// @param data begins at a multiple of 64 bytes
    void read(MemorySegment data);

    /// Unloads what was loaded.
    @Override
    void close();
}
