package dev.sluice.compute.cuda;

/// What a block of `native/cuda/linear_gemm.cu` makes: outputs by 64 rows of activations.
enum GemmTile {
    OUTPUTS_64(64, 49_152),
    OUTPUTS_32(32, 38_400);

    /// Rows of activations of a block.
    static final int ROWS = 64;

    /// Threads of a block.
    static final int THREADS = 128;

    /// Blocks that keep a multiprocessor busy: while one waits, another works.
    private static final int BUSY_BLOCKS = 2;

    private final int outputs;
    private final int sharedBytes;

    GemmTile(int outputs, int sharedBytes) {
        this.outputs = outputs;
        this.sharedBytes = sharedBytes;
    }

    /// The largest tile that keeps a GPU busy, or the smallest. All give the same bits.
    ///
    /// @param outputs rows of the weights
    /// @param n rows of activations
    static GemmTile of(int outputs, int n, int multiprocessors) {
        long blocks = (long) Math.ceilDiv(outputs, OUTPUTS_64.outputs) * Math.ceilDiv(n, ROWS);
        return blocks >= (long) BUSY_BLOCKS * multiprocessors ? OUTPUTS_64 : OUTPUTS_32;
    }

    /// Outputs of a block.
    int outputs() {
        return outputs;
    }

    /// Shared memory of a block.
    int sharedBytes() {
        return sharedBytes;
    }

    /// Beginning of the kernel's name.
    String kernel() {
        return "gemm" + outputs;
    }
}
