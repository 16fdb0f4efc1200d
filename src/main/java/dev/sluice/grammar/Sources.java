package dev.sluice.grammar;

import java.util.Arrays;
import java.util.function.IntConsumer;

/// Where edges come from, by where they lead.
final class Sources {
    private final int[] heads;
    private int[] sources = new int[64];
    private int[] next = new int[64];
    private int size;

    /// @param targets how many there are
    Sources(int targets) {
        heads = new int[targets];
    }

    void add(int target, int source) {
        if (size == next.length) {
            sources = Arrays.copyOf(sources, 2 * size);
            next = Arrays.copyOf(next, 2 * size);
        }
        sources[size] = source;
        next[size++] = heads[target];
        heads[target] = size;
    }

    /// Tells where the edges to a target come from, each edge once.
    void forEach(int target, IntConsumer consumer) {
        for (int i = heads[target]; i > 0; i = next[i - 1]) {
            consumer.accept(sources[i - 1]);
        }
    }
}
