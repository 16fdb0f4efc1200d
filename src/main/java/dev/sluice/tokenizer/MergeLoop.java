package dev.sluice.tokenizer;

import java.util.Arrays;

/// The loop of byte-pair encoding: again and again merges the adjacent pair of the lowest rank, of
/// equal ones the leftmost, until none is left.
///
/// Short words are scanned; longer ones use a heap, so that a word of n symbols costs n log n.
final class MergeLoop {
    /// What [Symbols#pair] gives for two symbols that do not merge.
    static final long NONE = -1;

    private static final int SCANNED = 40;
    private static final int GONE = -2;

    private final Symbols symbols;
    private final int[] next;
    private final int[] previous;

    /// The symbols of a word, by position.
    interface Symbols {
        /// Rank of a pair and id of what it becomes as in [MergeLoop#pack], or [MergeLoop#NONE].
        long pair(int left, int right);

        /// Makes the left symbol the merged one; the right one is not asked for again.
        void merge(int left, int right, int merged);
    }

    private MergeLoop(Symbols symbols, int size) {
        this.symbols = symbols;
        this.next = new int[size];
        this.previous = new int[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
    }

    static long pack(int rank, int merged) {
        return (long) rank << 32 | merged;
    }

    /// Merges; afterwards `next[i]` is the position after the symbol at i, from 0 to `size`.
    static int[] run(Symbols symbols, int size) {
        MergeLoop loop = new MergeLoop(symbols, size);
        if (size <= SCANNED) {
            loop.scan(size);
        } else {
            loop.queue(size);
        }
        return loop.next;
    }

    private void scan(int size) {
        long[] pairs = new long[size];
        Arrays.fill(pairs, NONE);
        for (int i = 0; i + 1 < size; i++) {
            pairs[i] = symbols.pair(i, i + 1);
        }
        while (true) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i < size; i = next[i]) {
                if (pairs[i] != NONE && rank(pairs[i]) < bestRank) {
                    best = i;
                    bestRank = rank(pairs[i]);
                }
            }
            if (best < 0) {
                return;
            }
            merge(best, (int) pairs[best], size);
            pairs[best] = next[best] < size ? symbols.pair(best, next[best]) : NONE;
            int before = previous[best];
            if (before >= 0) {
                pairs[before] = symbols.pair(before, best);
            }
        }
    }

    private void queue(int size) {
        LongHeap heap = new LongHeap(size);
        for (int i = 0; i + 1 < size; i++) {
            offer(heap, i, size);
        }
        while (!heap.isEmpty()) {
            long entry = heap.poll();
            int left = (int) entry;
            if (previous[left] == GONE || next[left] >= size) {
                continue;
            }
            // A pair that has changed since it was queued has another rank, or none.
            long pair = symbols.pair(left, next[left]);
            if (pair == NONE || rank(pair) != rank(entry)) {
                continue;
            }
            merge(left, (int) pair, size);
            offer(heap, left, size);
            if (previous[left] >= 0) {
                offer(heap, previous[left], size);
            }
        }
    }

    private void offer(LongHeap heap, int left, int size) {
        long pair = next[left] < size ? symbols.pair(left, next[left]) : NONE;
        if (pair != NONE) {
            heap.add(pack(rank(pair), left));
        }
    }

    private void merge(int left, int merged, int size) {
        int right = next[left];
        symbols.merge(left, right, merged);
        previous[right] = GONE;
        next[left] = next[right];
        if (next[left] < size) {
            previous[next[left]] = left;
        }
    }

    private static int rank(long pair) {
        return (int) (pair >>> 32);
    }
}
