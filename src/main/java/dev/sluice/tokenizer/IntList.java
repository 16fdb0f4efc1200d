package dev.sluice.tokenizer;

import java.util.Arrays;

/// A growing list of ints, for one thread.
final class IntList {
    private int[] values;
    private int size;

    IntList(int capacity) {
        this.values = new int[Math.max(8, capacity)];
    }

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, grown(size + 1));
        }
        values[size++] = value;
    }

    void addAll(int[] more) {
        if (size + more.length > values.length) {
            values = Arrays.copyOf(values, grown(size + more.length));
        }
        System.arraycopy(more, 0, values, size, more.length);
        size += more.length;
    }

    int get(int index) {
        return values[index];
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    int[] copyFrom(int start) {
        return Arrays.copyOfRange(values, start, size);
    }

    TokenIds toTokenIds() {
        return TokenIds.of(values, size);
    }

    private int grown(int needed) {
        return Math.max(needed, (int) Math.min(Integer.MAX_VALUE - 8L, values.length * 2L));
    }
}
