package dev.sluice.compute;

import java.util.Arrays;

/// The extents of a tensor, outermost first. Immutable.
public final class Shape {
    private final int[] dims;

    private Shape(int[] dims) {
        this.dims = dims;
    }

    /// Makes a shape.
    ///
    /// @throws IllegalArgumentException if there is no extent or one is negative
    public static Shape of(int... dims) {
        if (dims.length == 0) {
            throw new IllegalArgumentException("a shape needs at least one extent");
        }
        for (int dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException("negative extent in " + Arrays.toString(dims));
            }
        }
        return new Shape(dims.clone());
    }

    /// Number of extents.
    public int rank() {
        return dims.length;
    }

    /// Extent `i`, outermost first.
    public int dim(int i) {
        return dims[i];
    }

    /// Product of all extents.
    public long elements() {
        long product = 1;
        for (int dim : dims) {
            product = Math.multiplyExact(product, (long) dim);
        }
        return product;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(dims, that.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
