package dev.sluice.compute.cpu;

import dev.sluice.compute.Tensor;

/// How many units of an operation a thread takes at a time.
final class Chunks {
    /// Elements of a row-wise operation that are worth handing to another thread.
    private static final int ELEMENTS = 2560;

    /// The same for elements of parts of attention's sums.
    private static final int MERGED_ELEMENTS = 2048;

    /// Most rows whose keys and values one thread stores at a time.
    private static final int STORED_ROWS = 32;

    /// Bytes of weights that are worth handing to another thread where few rows meet them: some
    /// panels, which kernels read side by side.
    private static final long BYTES = 48 << 10;

    /// Panels that are worth handing to another thread where many rows meet them.
    private static final int PANELS = 4;

    /// So many are there to take over where one thread is held up.
    private static final int PANEL_CHUNKS_PER_THREAD = 3;

    private Chunks() {}

    /// Rows of a row-wise operation.
    static long ofRows(Tensor sized) {
        return ELEMENTS / Math.max(1, sized.columns());
    }

    /// Rows whose keys and values are stored. Tokens that follow one another share lines of the
    /// cache, which threads would take from each other: long stretches, but more than one a thread.
    static long ofStoredRows(int rows, int threads) {
        return Math.min(STORED_ROWS, rows / (2L * threads));
    }

    /// Heads of attention whose parts are merged.
    ///
    /// @param longest parts of one of them at most
    static long ofMergedHeads(long longest, int headDim) {
        return Math.max(1, MERGED_ELEMENTS / (longest * headDim));
    }

    /// Panels of a matrix. With many rows, or rows in parts, a few, which share what has to be done
    /// for each row. With few rows, where reading the weights takes the time, as few as another
    /// thread gains by.
    ///
    /// @param units of all parts of the rows
    static long ofPanels(long units, long unitBytes, boolean many, int threads) {
        long most =
                many
                        ? Math.min(PANELS, units / ((long) PANEL_CHUNKS_PER_THREAD * threads))
                        : BYTES / unitBytes;
        return even(units, Math.max(1, most), threads);
    }

    /// Of the chunks of up to `most` units the largest with which no thread has more to do than it
    /// must: nine panels each for two threads are three chunks of three, not two of four and one.
    /// Where each thread has a part of the rows, its chunks are those of its part.
    static long even(long units, long most, int threads) {
        long best = most;
        for (long chunk = most - 1; chunk > 0; chunk--) {
            if (longest(units, chunk, threads) < longest(units, best, threads)) {
                best = chunk;
            }
        }
        return best;
    }

    private static long longest(long units, long chunk, int threads) {
        return Math.min(units, Math.ceilDiv(Math.ceilDiv(units, chunk), threads) * chunk);
    }
}
