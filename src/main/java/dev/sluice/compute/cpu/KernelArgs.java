package dev.sluice.compute.cpu;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;

/// The arguments of the kernels, one record an operation; shapes are checked before they are made.
///
/// What each operation does and what a unit of it is stands in `native/cpu/sluice_cpu.h`.
sealed interface KernelArgs {

    /// One part of a matrix that is packed.
    ///
    /// @param source one part, as a file holds it
    /// @param rowOrder int32 `[rows]`, or [MemorySegment#NULL]
    /// @param rowScales float32 `[stored rows]`, or [MemorySegment#NULL]
    /// @param dstRow row of `dst` that receives row 0 of the part
    record Pack(
            Panels dst,
            MatrixSource source,
            MemorySegment rowOrder,
            MemorySegment rowScales,
            int dstRow)
            implements KernelArgs {}

    /// Rows of a table.
    ///
    /// @param ids int32 `[tokens]`; a negative one stands for a row of zeros
    record Embedding(Panels table, MemorySegment ids, float scale, Tensor out)
            implements KernelArgs {}

    /// Activations brought into another form.
    ///
    /// @param out prepared rows, `kind.stride(columns of x)` bytes apart
    record Prepare(Tensor x, Prepared kind, MemorySegment out) implements KernelArgs {}

    /// A product with one segment of a packed matrix.
    ///
    /// @param prepared the rows of `x` in the form that `w` needs; empty for the float forms
    /// @param column of `out` where the segment's outputs begin
    record Linear(Panels w, Tensor x, MemorySegment prepared, Tensor out, int column)
            implements KernelArgs {
        long preparedStride() {
            return Prepared.of(w.format()).stride(w.cols());
        }
    }

    record RmsNorm(Tensor x, Tensor weight, float eps, Tensor out) implements KernelArgs {}

    record AddRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out)
            implements KernelArgs {}

    /// A sum in place.
    ///
    /// @param yStride elements between the rows of `y`; 0 adds one vector to every row
    record Add(Tensor x, MemorySegment y, long yStride) implements KernelArgs {}

    record GatedActivation(Activation activation, Tensor gateUp, Tensor out)
            implements KernelArgs {}

    /// Rows copied by number.
    ///
    /// @param rows int32 `[rows of out]`
    record GatherRows(Tensor x, MemorySegment rows, Tensor out) implements KernelArgs {}

    /// The largest of each row.
    ///
    /// @param ids int32 `[rows of x]`
    record Argmax(Tensor x, MemorySegment ids) implements KernelArgs {}

    /// Angles of positions.
    ///
    /// @param positions int32 `[rows of out]`
    /// @param frequencies float32 `[columns of out / 2]`
    record RotaryTable(MemorySegment positions, MemorySegment frequencies, float factor, Tensor out)
            implements KernelArgs {}

    record RotaryStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv)
            implements KernelArgs {}

    /// Queries against the cache.
    ///
    /// @param tiles int32 `[numTiles, 5]`: sequence, first token row, number of tokens, segment or
    ///   -1 for all, first row of partials
    record Attention(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            MemorySegment tiles,
            int headsPerUnit,
            Tensor out)
            implements KernelArgs {}
}
