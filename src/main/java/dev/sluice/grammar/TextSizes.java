package dev.sluice.grammar;

import java.util.Arrays;
import java.util.BitSet;

/// How long the texts of a [TextLanguage] are, and how many there are. From every state of its
/// automaton some text can be completed. Immutable, apart from what it remembers.
final class TextSizes {
    /// So many steps from state to state are too many.
    private static final long MAX_STEPS = 50_000_000;

    /// As in [TextLanguage].
    private final int[][] edges;

    private final boolean[] accepts;
    private final boolean isEmpty;

    /// Characters of the longest text, or -1 as long as nobody has asked.
    private volatile int longest = -1;

    /// Characters of the shortest text, or -1 as long as nobody has asked.
    private volatile int shortest = -1;

    TextSizes(int[][] edges, boolean[] accepts) {
        this.edges = edges;
        this.accepts = accepts;
        this.isEmpty = !accepts[0] && edges[0].length == 0;
    }

    /// Whether there are finitely many texts: whether no edge leads back.
    boolean isFinite() {
        return longest() != Repeat.UNBOUNDED;
    }

    /// The number of characters of the longest text, or [Repeat#UNBOUNDED].
    int longest() {
        if (longest < 0) {
            longest = longestPath();
        }
        return longest;
    }

    /// The number of characters of the shortest text; [Repeat#UNBOUNDED] if there is none.
    int shortest() {
        if (shortest < 0) {
            shortest = shortestPath();
        }
        return shortest;
    }

    private int shortestPath() {
        int[] lengths = new int[edges.length];
        Arrays.fill(lengths, -1);
        lengths[0] = 0;
        int[] order = new int[edges.length];
        int found = 1;
        for (int i = 0; i < found; i++) {
            int state = order[i];
            if (accepts[state]) {
                return lengths[state];
            }
            int[] out = edges[state];
            for (int k = 2; k < out.length; k += 3) {
                if (lengths[out[k]] < 0) {
                    lengths[out[k]] = lengths[state] + 1;
                    order[found++] = out[k];
                }
            }
        }
        return Repeat.UNBOUNDED;
    }

    /// Whether some text has `min` to `max` characters.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean hasLength(int min, int max) throws GrammarException {
        if (isEmpty || min > longest() || max < shortest()) {
            return false;
        }
        return min <= shortest() || max >= longest() || hasLengthBetween(min, max);
    }

    /// From every state some text can be completed, with fewer characters than there are states.
    private boolean hasLengthBetween(int min, int max) throws GrammarException {
        if ((long) min * edges.length > MAX_STEPS) {
            throw GrammarException.unsupported(
                    "a pattern or format together with a length of %,d or more is too large"
                            .formatted(min));
        }
        BitSet level = new BitSet();
        level.set(0);
        int last = Math.min(max, min + edges.length);
        for (int length = 0; length <= last; length++) {
            if (length >= min && level.stream().anyMatch(state -> accepts[state])) {
                return true;
            }
            level = behind(level);
        }
        return false;
    }

    private BitSet behind(BitSet states) {
        BitSet behind = new BitSet();
        for (int i = states.nextSetBit(0); i >= 0; i = states.nextSetBit(i + 1)) {
            for (int k = 2; k < edges[i].length; k += 3) {
                behind.set(edges[i][k]);
            }
        }
        return behind;
    }

    private int longestPath() {
        int[] order = forward();
        int[] lengths = new int[edges.length];
        int most = 0;
        for (int state : order) {
            int[] out = edges[state];
            for (int k = 2; k < out.length; k += 3) {
                lengths[out[k]] = Math.max(lengths[out[k]], lengths[state] + 1);
                most = Math.max(most, lengths[out[k]]);
            }
        }
        return order.length == edges.length ? most : Repeat.UNBOUNDED;
    }

    /// The states that no cycle leads to, each behind those that lead to it.
    private int[] forward() {
        int[] into = new int[edges.length];
        for (int[] out : edges) {
            for (int i = 2; i < out.length; i += 3) {
                into[out[i]]++;
            }
        }
        int[] order = new int[edges.length];
        int found = into[0] == 0 ? 1 : 0;
        for (int i = 0; i < found; i++) {
            int[] out = edges[order[i]];
            for (int k = 2; k < out.length; k += 3) {
                if (--into[out[k]] == 0) {
                    order[found++] = out[k];
                }
            }
        }
        return Arrays.copyOf(order, found);
    }

    /// Whether there are more texts than a number.
    ///
    /// @param most below 2^31
    boolean hasMoreThan(long most) {
        if (isEmpty || !isFinite()) {
            return !isEmpty;
        }
        int[] order = forward();
        long[] counts = new long[edges.length];
        for (int i = order.length - 1; i >= 0; i--) {
            int state = order[i];
            int[] out = edges[state];
            long count = accepts[state] ? 1 : 0;
            for (int k = 0; k < out.length; k += 3) {
                count = Math.min(most + 1, count + (out[k + 1] - out[k] + 1) * counts[out[k + 2]]);
            }
            counts[state] = count;
        }
        return counts[0] > most;
    }
}
