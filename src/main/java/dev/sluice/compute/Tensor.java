package dev.sluice.compute;

import java.lang.foreign.MemorySegment;

/// A view of device memory: a type, a shape and where it lies.
///
/// Rank 2 tensors (`[rows, columns]`) may have rows that are further apart than their columns are
/// many, so that a slice of columns is a view. All other ranks are contiguous, row-major. A tensor
/// owns nothing: whoever allocated it from a [Device] releases it, and views die with it.
public final class Tensor {
    private final DType dtype;
    private final Shape shape;
    private final long rowStride;
    private final MemorySegment data;

    /// Describes memory that a device handed out. Called by devices and by tests only.
    ///
    /// @param rowStride elements between the starts of two rows; the product of all extents but the
    ///   first for a contiguous tensor
    /// @param data host memory on the CPU device; a device address elsewhere
    public Tensor(DType dtype, Shape shape, long rowStride, MemorySegment data) {
        this.dtype = dtype;
        this.shape = shape;
        this.rowStride = rowStride;
        this.data = data;
    }

    /// Describes contiguous memory.
    public static Tensor contiguous(DType dtype, Shape shape, MemorySegment data) {
        long first = Math.max(1, shape.dim(0));
        return new Tensor(dtype, shape, shape.elements() / first, data);
    }

    /// Element type.
    public DType dtype() {
        return dtype;
    }

    /// Extents.
    public Shape shape() {
        return shape;
    }

    /// Elements from the start of one row to the start of the next.
    public long rowStride() {
        return rowStride;
    }

    /// The memory, beginning at the first element.
    public MemorySegment data() {
        return data;
    }

    /// Extent 0.
    public int rows() {
        return shape.dim(0);
    }

    /// Extent 1 of a matrix.
    public int columns() {
        return shape.dim(1);
    }

    /// Whether the rows follow one another without a gap.
    public boolean isContiguous() {
        return shape.dim(0) <= 1 || rowStride * shape.dim(0) == shape.elements();
    }

    /// A view of the rows `[from, to)` of a matrix.
    public Tensor rows(int from, int to) {
        checkRange(from, to, rows(), "rows");
        int columns = columns();
        long bytes = to == from ? 0 : dtype.bytesFor((to - from - 1) * rowStride + columns);
        return new Tensor(
                dtype,
                Shape.of(to - from, columns),
                rowStride,
                data.asSlice(dtype.bytesFor(from * rowStride), bytes));
    }

    /// A view of the columns `[from, to)` of a matrix.
    public Tensor columns(int from, int to) {
        checkRange(from, to, columns(), "columns");
        int rows = rows();
        long bytes = rows == 0 ? 0 : dtype.bytesFor((rows - 1) * rowStride + (to - from));
        return new Tensor(
                dtype,
                Shape.of(rows, to - from),
                rowStride,
                data.asSlice(dtype.bytesFor(from), bytes));
    }

    private void checkRange(int from, int to, int limit, String what) {
        if (shape.rank() != 2 || from < 0 || to < from || to > limit) {
            throw new IllegalArgumentException(
                    what + " [" + from + ", " + to + ") of a tensor " + this);
        }
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
