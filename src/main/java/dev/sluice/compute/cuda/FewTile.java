package dev.sluice.compute.cuda;

/// What a block of `native/cuda/linear_few.cu` makes: outputs by rows of activations.
///
/// A narrow matrix has few blocks, so they are small, and their warps many; a wide one has enough
/// of them, and shares the reading of activations among more outputs.
enum FewTile {
    NARROW_8(16, 8),
    NARROW_16(16, 16),
    WIDE_8(32, 8),
    WIDE_16(32, 16),
    WIDE_32(32, 32);

    /// Outputs from which a matrix is wide: blocks of 32 of them fill the largest GPUs several
    /// times.
    static final int WIDE_OUTPUTS = 16_384;

    /// Warps that share the inputs; a row's bits depend on their number, so it depends on the
    /// matrix alone.
    private static final int NARROW_WARPS = 8;

    private static final int WIDE_WARPS = 4;
    private static final int WARP_THREADS = 32;

    private final int outputs;
    private final int rows;

    FewTile(int outputs, int rows) {
        this.outputs = outputs;
        this.rows = rows;
    }

    /// The tile that serves a product best.
    ///
    /// @param outputs rows of the weights
    /// @param n rows of activations
    static FewTile of(int outputs, int n) {
        if (outputs < WIDE_OUTPUTS) {
            return n <= NARROW_8.rows ? NARROW_8 : NARROW_16;
        }
        if (n <= WIDE_8.rows) {
            return WIDE_8;
        }
        return n <= WIDE_16.rows ? WIDE_16 : WIDE_32;
    }

    /// Outputs of a block.
    int outputs() {
        return outputs;
    }

    /// Rows of activations of a block.
    int rows() {
        return rows;
    }

    /// Threads of a block.
    int threads() {
        return warps() * WARP_THREADS;
    }

    /// Shared memory of a block: each warp's sums.
    int sharedBytes() {
        return warps() * outputs * rows * Float.BYTES;
    }

    /// Beginning of the kernel's name.
    String kernel() {
        return "linear%dx%d".formatted(outputs, rows);
    }

    private int warps() {
        return outputs == WIDE_8.outputs ? WIDE_WARPS : NARROW_WARPS;
    }
}
