package dev.sluice.grammar;

import java.util.Arrays;

/// Pairs of states of two automata, numbered in the order in which they are met. Not for use by
/// several threads.
final class StatePairs {
    private long[] pairs = new long[64];
    private int size;

    /// Numbers plus one by the hash of their pairs, and 0 where there is none.
    private int[] table = new int[128];

    /// The number of a pair, new or not.
    int number(int a, int b) {
        long pair = (long) a << Integer.SIZE | (b & 0xFFFF_FFFFL);
        int mask = table.length - 1;
        int at = hash(pair) & mask;
        while (table[at] != 0) {
            if (pairs[table[at] - 1] == pair) {
                return table[at] - 1;
            }
            at = at + 1 & mask;
        }
        if (size == pairs.length) {
            grow();
            return number(a, b);
        }
        pairs[size] = pair;
        table[at] = ++size;
        return size - 1;
    }

    private static int hash(long pair) {
        long mixed = pair * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> Integer.SIZE);
    }

    private void grow() {
        pairs = Arrays.copyOf(pairs, 2 * size);
        table = new int[4 * size];
        for (int i = 0; i < size; i++) {
            int at = hash(pairs[i]) & table.length - 1;
            while (table[at] != 0) {
                at = at + 1 & table.length - 1;
            }
            table[at] = i + 1;
        }
    }

    int size() {
        return size;
    }

    int first(int number) {
        return (int) (pairs[number] >> Integer.SIZE);
    }

    int second(int number) {
        return (int) pairs[number];
    }
}
