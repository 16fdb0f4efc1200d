package dev.sluice.tokenizer;

import java.util.Arrays;

/// Which two adjacent ids merge, into what, and how early: a hash map of primitives. Filled once,
/// then only read.
final class MergeTable {
    /// What [#get] gives for a pair that does not merge.
    static final long NONE = -1;

    private final long[] keys;
    private final long[] values;

    /// Room for a number of merges.
    MergeTable(int merges) {
        int capacity = Integer.highestOneBit(Math.max(8, merges)) << 2;
        this.keys = new long[capacity];
        this.values = new long[capacity];
        Arrays.fill(keys, NONE);
    }

    void put(int left, int right, int rank, int merged) {
        long key = key(left, right);
        int slot = slot(key);
        while (keys[slot] != NONE && keys[slot] != key) {
            slot = (slot + 1) & (keys.length - 1);
        }
        keys[slot] = key;
        values[slot] = MergeLoop.pack(rank, merged);
    }

    /// Rank and merged id as in [MergeLoop#pack], or [#NONE].
    long get(int left, int right) {
        long key = key(left, right);
        int slot = slot(key);
        while (keys[slot] != key) {
            if (keys[slot] == NONE) {
                return NONE;
            }
            slot = (slot + 1) & (keys.length - 1);
        }
        return values[slot];
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    private int slot(long key) {
        long mixed = key * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & (keys.length - 1);
    }
}
