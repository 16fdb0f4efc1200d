package dev.sluice.compute.cpu;

import dev.sluice.compute.Tensor;

/// Finds which operations of a list need no more of those before them than a thread's own rows, so
/// that threads don't wait for each other in between: `groups` of `sl_op`.
///
/// An operation that computes each row of what it writes from the same row of what it reads says so
/// before it is written down: [#of] its rows, then [#with] each tensor. Threads have to meet where
/// memory of operations since they met last would be cut into rows in another way, as of rows of
/// another length, or of some of a tensor's rows. For the device's calling thread.
final class RowParts {
    /// Tensors since the last meeting at most: a layer has about ten, which the next one uses
    /// again.
    private static final int MOST = 64;

    private static final int MOST_OF_ONE = 8;

    // What the operations since the last meeting use, and behind it what the next one does.
    private final long[] begins = new long[MOST + MOST_OF_ONE];
    private final long[] strides = new long[MOST + MOST_OF_ONE];
    private final long[] widths = new long[MOST + MOST_OF_ONE];
    private final int[] rows = new int[MOST + MOST_OF_ONE];
    private int size;

    // Whether the last operation falls into rows.
    private boolean apart;

    private int nextRows;
    private int nextSize;

    /// Begins an operation of so many rows.
    RowParts of(int rows) {
        nextRows = rows;
        nextSize = 0;
        return this;
    }

    /// Says that it uses a tensor of float32, of as many rows.
    RowParts with(Tensor tensor) {
        long bytes = Float.BYTES;
        return with(tensor.data().address(), tensor.rowStride() * bytes, tensor.columns() * bytes);
    }

    /// Says that it uses memory.
    ///
    /// @param stride bytes from one row to the next
    /// @param width bytes of a row
    RowParts with(long address, long stride, long width) {
        int at = size + nextSize++;
        begins[at] = address;
        strides[at] = stride;
        widths[at] = width;
        rows[at] = nextRows;
        return this;
    }

    /// Ends an operation that has all been said of.
    ///
    /// @param groups into which its units fall in the order of its rows
    /// @return the groups, negative where threads have to meet before it
    long cut(int groups) {
        boolean meets = !apart || size + nextSize > MOST || conflicts();
        int from = size;
        if (meets) {
            size = 0;
        }
        for (int i = 0; i < nextSize; i++) {
            keep(from + i);
        }
        nextSize = 0;
        apart = true;
        return meets ? -groups : groups;
    }

    /// Ends an operation that does not fall into rows: threads meet before and behind it.
    ///
    /// @return no groups
    long uncut() {
        size = 0;
        nextSize = 0;
        apart = false;
        return 0;
    }

    private boolean conflicts() {
        for (int next = size; next < size + nextSize; next++) {
            for (int known = 0; known < size; known++) {
                if (overlap(next, known) && !cutAlike(next, known)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean overlap(int a, int b) {
        return begins[a] < end(b) && begins[b] < end(a);
    }

    private long end(int i) {
        return begins[i] + (rows[i] - 1) * strides[i] + widths[i];
    }

    /// Whether each row of one lies beside the same row of the other, or upon it.
    private boolean cutAlike(int a, int b) {
        long begin = Math.min(begins[a], begins[b]);
        long end = Math.max(begins[a] + widths[a], begins[b] + widths[b]);
        return rows[a] == rows[b] && strides[a] == strides[b] && end - begin <= strides[a];
    }

    private void keep(int i) {
        for (int known = 0; known < size; known++) {
            if (begins[known] == begins[i]
                    && strides[known] == strides[i]
                    && widths[known] == widths[i]
                    && rows[known] == rows[i]) {
                return;
            }
        }
        begins[size] = begins[i];
        strides[size] = strides[i];
        widths[size] = widths[i];
        rows[size++] = rows[i];
    }
}
