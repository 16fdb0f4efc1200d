package dev.sluice.compute;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A weight matrix as a file holds it, on its way into a [PackedMatrix].
///
/// The logical matrix is `[rows, cols]`: `rows` outputs by `cols` inputs, `y = x W^T`. The memory
/// belongs to the caller (a mapped file) and is read during [Device#pack] only.
///
/// @param data first element of the first row; rows are contiguous blocks of `dtype`
/// @param dtype any float or quantised type
/// @param rows output features
/// @param cols input features; a multiple of the block size of `dtype`
/// @param rowStride elements between two stored rows (for `transposed`: between two stored rows of
///   `[cols, rows]`)
/// @param transposed the file holds `[cols, rows]`; plain (not quantised) types only
/// @param rowOrder when present, logical row `r` is stored row `rowOrder[r]`
public record MatrixSource(
        MemorySegment data,
        DType dtype,
        int rows,
        int cols,
        long rowStride,
        boolean transposed,
        Optional<int[]> rowOrder) {

    /// A row-major matrix whose rows follow one another.
    public static MatrixSource of(MemorySegment data, DType dtype, int rows, int cols) {
        return new MatrixSource(data, dtype, rows, cols, cols, false, Optional.empty());
    }

    /// The same matrix with its rows in another order: logical row `r` is stored row `order[r]`.
    public MatrixSource withRowOrder(int[] order) {
        return new MatrixSource(
                data, dtype, rows, cols, rowStride, transposed, Optional.of(order.clone()));
    }
}
