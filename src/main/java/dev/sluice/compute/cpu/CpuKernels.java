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

/// The operations of the CPU device, each as units of work over the same bytes.
///
/// Two implementations: the native ones and their plain twin, [JavaKernels], which has no
/// [#sample]. A call only prepares; the units that it returns do the work and may run on several
/// threads at once. They are valid until the same operation is prepared again. Call on the engine
/// thread.
///
/// Arguments are those of the record of [KernelArgs] that is called like the operation, one by one
/// for what runs in each step: the virtual machine may not manage to keep a record off the heap.
/// Where there is no twin, there is no record.
interface CpuKernels extends AutoCloseable {
    /// What runs, in one word: `java`, or the name of the instruction set.
    String name();

    /// Tokens of one attention tile that suit the kernel.
    int attentionTile(int headsPerUnit, boolean byTiles);

    /// Whether query rows meet the cache in tiles, so that the heads of a unit cost hardly more
    /// than one of them.
    boolean attentionByTiles(DType cache, int blockSize, int headDim);

    /// Positions of a segment: attention to more of them can be cut there and computed in parts.
    /// Empty where it can't.
    OptionalInt attentionSegment();

    /// Unit: a panel of the matrix.
    Units pack(KernelArgs.Pack args);

    /// Unit: a token.
    Units embedding(Panels table, MemorySegment ids, float scale, Tensor out);

    /// Unit: a row.
    Units prepare(Tensor x, Prepared kind, MemorySegment out);

    /// How many panels, far from each other, one unit of [#linear] should take together: their
    /// memory comes quicker so.
    ///
    /// @param rows of inputs
    int linearStreams(WeightFormat format, int rows);

    /// How many parts of the rows of [#linear] should be units of their own: 1 for all rows
    /// together, or one for each thread, which then keeps its rows from one operation to the next,
    /// in its core's cache.
    ///
    /// @param rows of inputs
    int linearParts(WeightFormat format, int rows, int threads);

    /// Unit: one of [Panels#units] and all rows, or one part of them: all units of the first part,
    /// then those of the second, and so on.
    ///
    /// @param streams 1, or what [#linearStreams] says
    /// @param parts 1, or what [#linearParts] says
    Units linear(
            Panels w,
            Tensor x,
            MemorySegment prepared,
            int streams,
            int parts,
            Tensor out,
            int column);

    /// Unit: a row.
    Units rmsNorm(Tensor x, Tensor weight, float eps, Tensor out);

    /// Unit: a row.
    Units addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out);

    /// Unit: a row.
    Units add(Tensor x, MemorySegment y, long yStride);

    /// Unit: a row.
    Units gatedActivation(Activation activation, Tensor gateUp, Tensor out);

    /// Unit: a row.
    Units gatherRows(Tensor x, MemorySegment rows, Tensor out);

    /// Unit: a row.
    Units argmax(Tensor x, MemorySegment ids);

    /// Whether there is [#sample].
    boolean samples();

    /// Unit: a row of the batch.
    ///
    /// @param input that of the batch, or a copy; changed
    /// @throws UnsupportedOperationException if it is not there
    Units sample(Tensor logits, SamplingBatch batch, MemorySegment input);

    /// Unit: a token.
    Units rotaryTable(MemorySegment positions, MemorySegment frequencies, float factor, Tensor out);

    /// Unit: a token.
    Units rotaryStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv);

    /// Unit: `headsPerUnit` query heads of one tile.
    ///
    /// @param tiles how the batch was cut
    Units attention(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            AttentionTiles tiles,
            Tensor out);

    /// Units are pairs of a row to merge and a head.
    ///
    /// @param tiles how the batch was cut
    Units mergeAttention(AttentionTiles tiles, AttentionSpec spec, Tensor out);

    /// Does arithmetic and nothing else, for measuring; several threads at once.
    ///
    /// @return operations done, in proportion to `rounds`; 0 where there is no telling
    long peak(WeightFormat.Encoding format, long rounds);

    /// What reads memory and does nothing else, for measuring; several threads at once. The memory
    /// that it is given begins at a multiple of 64 bytes.
    Consumer<MemorySegment> reader(ReadOrder order);

    /// A list of operations that threads run without coming back in between. Empty where there is
    /// none; where there is, all units are [NativeUnits].
    ///
    /// @param threads of the device
    /// @param profile measures the operations when it is asked to
    /// @param memory where the list lies
    Optional<OpList> opList(int threads, CpuProfile profile, CpuMemory memory);

    /// Unloads what was loaded.
    @Override
    void close();
}
