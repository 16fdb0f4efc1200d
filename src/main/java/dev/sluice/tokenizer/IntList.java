package dev.sluice.tokenizer;

import java.util.Arrays;

/// A growing list of ints, for one thread.
final class IntList {
    private final int most;
    private int[] values;
    private int size;

    IntList(int capacity) {
        this(capacity, Integer.MAX_VALUE);
    }

    /// @param most how many are wanted; more may be added
    IntList(int capacity, int most) {
        this.values = new int[Math.max(8, capacity)];
        this.most = most;
    }

    /// Refuses what is going to be added if that alone is more than is wanted.
    ///
    /// @param more how many it is at least
    /// @throws TextTooLongException if so
    void expect(int more) {
        if (more > most) {
            throw new TextTooLongException((int) Math.min(Integer.MAX_VALUE, (long) size + more));
        }
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

    void set(int index, int value) {
        values[index] = value;
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
