package dev.sluice.tokenizer;

import java.util.Arrays;

/// A binary heap of longs, smallest first.
final class LongHeap {
    private long[] values;
    private int size;

    LongHeap(int capacity) {
        this.values = new long[Math.max(16, capacity)];
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        int hole = size++;
        while (hole > 0 && values[(hole - 1) >>> 1] > value) {
            values[hole] = values[(hole - 1) >>> 1];
            hole = (hole - 1) >>> 1;
        }
        values[hole] = value;
    }

    /// Takes the smallest; only when not empty.
    long poll() {
        long smallest = values[0];
        long last = values[--size];
        int hole = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && values[child + 1] < values[child]) {
                child++;
            }
            if (values[child] >= last) {
                break;
            }
            values[hole] = values[child];
            hole = child;
            child = 2 * hole + 1;
        }
        values[hole] = last;
        return smallest;
    }
}
