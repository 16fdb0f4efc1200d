package dev.sluice.engine;

import java.util.Arrays;

/// Orders the entries of a row by value: one long holds both value and id. Among equal values the
/// lower id comes first.
final class RowKeys {
    private RowKeys() {}

    /// Orders by value, and among equal values the lower id higher. Adding zero makes the two zeros
    /// one.
    static long key(float value, int id) {
        int bits = Float.floatToIntBits(value + 0f);
        int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        return ((long) ordered << 32) | (Integer.MAX_VALUE - id);
    }

    static int idOf(long key) {
        return Integer.MAX_VALUE - (int) key;
    }

    /// Finds the `k` largest of the values that are numbers.
    ///
    /// @param heap room for `k`; holds the keys of the largest afterwards, the least of them first,
    ///   otherwise in no order
    /// @param weights entry `i` takes part if `weights[i] > 0`
    /// @return how many there are, at most `k`
    static int largest(float[] values, float[] weights, int k, long[] heap) {
        int size = 0;
        for (int i = 0; i < values.length; i++) {
            if (weights[i] > 0) {
                size = offer(heap, size, k, key(values[i], i));
            }
        }
        return size;
    }

    /// The `k` largest of all values but NaN, in descending order.
    ///
    /// @param keys room for `k`
    /// @return how many there are, at most `k`
    static int largestInOrder(float[] values, int k, long[] keys) {
        int size = 0;
        for (int i = 0; i < values.length; i++) {
            if (!Float.isNaN(values[i])) {
                size = offer(keys, size, k, key(values[i], i));
            }
        }
        Arrays.sort(keys, 0, size);
        for (int low = 0, high = size - 1; low < high; low++, high--) {
            swap(keys, low, high);
        }
        return size;
    }

    private static int offer(long[] heap, int size, int k, long key) {
        if (size < k) {
            heap[size] = key;
            siftUp(heap, size);
            return size + 1;
        }
        if (size > 0 && key > heap[0]) {
            heap[0] = key;
            siftDown(heap, size);
        }
        return size;
    }

    private static void siftUp(long[] keys, int from) {
        int at = from;
        while (at > 0 && keys[at] < keys[(at - 1) / 2]) {
            swap(keys, at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private static void siftDown(long[] keys, int size) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                return;
            }
            if (child + 1 < size && keys[child + 1] < keys[child]) {
                child++;
            }
            if (keys[at] <= keys[child]) {
                return;
            }
            swap(keys, at, child);
            at = child;
        }
    }

    private static void swap(long[] keys, int a, int b) {
        long key = keys[a];
        keys[a] = keys[b];
        keys[b] = key;
    }
}
