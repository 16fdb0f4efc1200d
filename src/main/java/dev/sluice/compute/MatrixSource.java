package dev.sluice.compute;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/// A weight matrix as a file holds it, on its way into a [PackedMatrix].
///
/// The logical matrix is `[rows, cols]`: `rows` outputs by `cols` inputs, `y = x W^T`. The memory
/// belongs to the caller (a mapped file) and is read during [Device#pack] only.
///
/// @param data the block that holds the first element of the first row; rows are contiguous blocks
///   of `dtype`
/// @param dtype any float or quantised type
/// @param rows output features
/// @param cols input features; for quantised types a multiple of [#GROUP]
/// @param rowStride elements between two stored rows (for `transposed`: between two stored rows of
///   `[cols, rows]`); a multiple of the block size of `dtype`
/// @param transposed the file holds `[cols, rows]`; plain (not quantised) types only
/// @param rowOrder when present, logical row `r` is stored row `rowOrder[r]`
/// @param firstColumn elements of the first block of each row that are not part of the matrix: a
///   multiple of [#GROUP] below the block size. 0 but for columns that begin inside a block of 256
/// @param rowScales of each stored row what its numbers are times; of [DType#I8] only, and always
public record MatrixSource(
        MemorySegment data,
        DType dtype,
        int rows,
        int cols,
        long rowStride,
        boolean transposed,
        Optional<int[]> rowOrder,
        int firstColumn,
        Optional<float[]> rowScales) {

    /// Elements of a row of a quantised type that can be told apart from their neighbours.
    public static final int GROUP = 32;

    /// A matrix whose rows begin with a whole block.
    public MatrixSource(
            MemorySegment data,
            DType dtype,
            int rows,
            int cols,
            long rowStride,
            boolean transposed,
            Optional<int[]> rowOrder) {
        this(data, dtype, rows, cols, rowStride, transposed, rowOrder, 0, Optional.empty());
    }

    /// A row-major matrix whose rows follow one another.
    public static MatrixSource of(MemorySegment data, DType dtype, int rows, int cols) {
        return new MatrixSource(data, dtype, rows, cols, cols, false, Optional.empty());
    }

    /// The same matrix, read from another segment of the same memory or a copy of it.
    public MatrixSource withData(MemorySegment memory) {
        return new MatrixSource(
                memory, dtype, rows, cols, rowStride, transposed, rowOrder, firstColumn, rowScales);
    }

    /// The same matrix, its numbers times a scale of their row.
    ///
    /// @param scales of each stored row
    public MatrixSource withRowScales(float[] scales) {
        return with(rowOrder, Optional.of(scales.clone()));
    }

    /// The same matrix with its rows in another order: logical row `r` is stored row `order[r]`.
    public MatrixSource withRowOrder(int[] order) {
        return with(Optional.of(order.clone()), rowScales);
    }

    private MatrixSource with(Optional<int[]> order, Optional<float[]> scales) {
        return new MatrixSource(
                data, dtype, rows, cols, rowStride, transposed, order, firstColumn, scales);
    }

    /// The rows `[from, to)`.
    ///
    /// @throws IndexOutOfBoundsException if there are no such rows
    public MatrixSource rows(int from, int to) {
        checkRange(from, to, rows, "rows");
        long start = rowOrder.isPresent() ? 0 : transposed ? from : from * rowStride;
        return new MatrixSource(
                data.asSlice(dtype.bytesFor(start)),
                dtype,
                to - from,
                cols,
                rowStride,
                transposed,
                rowOrder.map(order -> Arrays.copyOfRange(order, from, to)),
                firstColumn,
                rowOrder.isPresent()
                        ? rowScales
                        : rowScales.map(scales -> Arrays.copyOfRange(scales, from, to)));
    }

    /// The columns `[from, to)`.
    ///
    /// @throws IndexOutOfBoundsException if there are no such columns
    /// @throws IllegalArgumentException if they cut a group of a quantised type
    public MatrixSource columns(int from, int to) {
        checkRange(from, to, cols, "columns");
        if (dtype.isQuantized() && (from % GROUP != 0 || to % GROUP != 0)) {
            throw new IllegalArgumentException(
                    "the columns [%d, %d) of %s cut a group of %d"
                            .formatted(from, to, dtype, GROUP));
        }
        long start = transposed ? from * rowStride : firstColumn + (long) from;
        int inBlock = (int) (start % dtype.blockElements());
        return new MatrixSource(
                data.asSlice(dtype.bytesFor(start - inBlock)),
                dtype,
                rows,
                to - from,
                rowStride,
                transposed,
                rowOrder,
                inBlock,
                rowScales);
    }

    private static void checkRange(int from, int to, int limit, String what) {
        if (from < 0 || to < from || to > limit) {
            throw new IndexOutOfBoundsException(
                    "%s [%d, %d) of %d".formatted(what, from, to, limit));
        }
    }
}
