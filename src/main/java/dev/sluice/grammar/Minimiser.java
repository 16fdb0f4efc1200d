package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes a deterministic automaton as small as it can be: drops what accepts nothing, merges states
/// that accept the same, and numbers them in the order in which they are met.
///
/// @see "Moore 1956, Gedanken-experiments on sequential machines"
final class Minimiser {
    private final int[][] edges;
    private final boolean[] accepts;

    /// @param edges first, last and target of each edge of each state, ascending
    Minimiser(int[][] edges, boolean[] accepts) {
        this.edges = edges;
        this.accepts = accepts;
    }

    TextLanguage run() {
        BitSet live = live();
        int[] classes = classes(live);
        return numbered(live, classes);
    }

    private BitSet live() {
        List<List<Integer>> into = new ArrayList<>();
        for (int i = 0; i < edges.length; i++) {
            into.add(new ArrayList<>(1));
        }
        for (int i = 0; i < edges.length; i++) {
            for (int k = 2; k < edges[i].length; k += 3) {
                into.get(edges[i][k]).add(i);
            }
        }
        BitSet live = new BitSet();
        List<Integer> work = new ArrayList<>();
        for (int i = 0; i < accepts.length; i++) {
            if (accepts[i]) {
                live.set(i);
                work.add(i);
            }
        }
        for (int i = 0; i < work.size(); i++) {
            for (int from : into.get(work.get(i))) {
                if (!live.get(from)) {
                    live.set(from);
                    work.add(from);
                }
            }
        }
        return live;
    }

    /// What a state does as far as the classes tell.
    private static final class Signature {
        private final int own;
        private final int[] edges;

        Signature(int own, int[] edges) {
            this.own = own;
            this.edges = edges;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Signature s && own == s.own && Arrays.equals(edges, s.edges);
        }

        @Override
        public int hashCode() {
            return 31 * own + Arrays.hashCode(edges);
        }
    }

    private int[] classes(BitSet live) {
        int[] classes = new int[edges.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = accepts[i] ? 1 : 0;
        }
        int count = 0;
        while (true) {
            Map<Signature, Integer> numbers = new HashMap<>();
            int[] next = new int[classes.length];
            for (int i = live.nextSetBit(0); i >= 0; i = live.nextSetBit(i + 1)) {
                Signature signature = new Signature(classes[i], merged(edges[i], classes, live));
                Integer number = numbers.get(signature);
                if (number == null) {
                    number = numbers.size();
                    numbers.put(signature, number);
                }
                next[i] = number;
            }
            classes = next;
            if (numbers.size() == count) {
                return classes;
            }
            count = numbers.size();
        }
    }

    /// The edges to living classes, neighbours to the same class joined.
    private static int[] merged(int[] out, int[] classes, BitSet live) {
        int[] merged = new int[out.length];
        int n = 0;
        for (int i = 0; i < out.length; i += 3) {
            if (!live.get(out[i + 2])) {
                continue;
            }
            int target = classes[out[i + 2]];
            if (n > 0 && merged[n - 1] == target && merged[n - 2] + 1 == out[i]) {
                merged[n - 2] = out[i + 1];
            } else {
                merged[n++] = out[i];
                merged[n++] = out[i + 1];
                merged[n++] = target;
            }
        }
        return Arrays.copyOf(merged, n);
    }

    private TextLanguage numbered(BitSet live, int[] classes) {
        if (!live.get(0)) {
            return TextLanguage.none();
        }
        Map<Integer, Integer> numbers = new HashMap<>();
        List<Integer> order = new ArrayList<>();
        numbers.put(classes[0], 0);
        order.add(0);
        List<int[]> all = new ArrayList<>();
        for (int i = 0; i < order.size(); i++) {
            int[] out = merged(edges[order.get(i)], classes, live);
            int[] representatives = representatives(edges[order.get(i)], live);
            for (int k = 2, r = 0; k < out.length; k += 3) {
                Integer number = numbers.get(out[k]);
                if (number == null) {
                    number = order.size();
                    numbers.put(out[k], number);
                    while (classes[representatives[r]] != out[k]) {
                        r++;
                    }
                    order.add(representatives[r]);
                }
                out[k] = number;
            }
            all.add(out);
        }
        boolean[] accept = new boolean[order.size()];
        for (int i = 0; i < accept.length; i++) {
            accept[i] = accepts[order.get(i)];
        }
        return TextLanguage.ofLeast(all.toArray(int[][]::new), accept);
    }

    private static int[] representatives(int[] out, BitSet live) {
        java.util.stream.IntStream.Builder targets = java.util.stream.IntStream.builder();
        for (int i = 2; i < out.length; i += 3) {
            if (live.get(out[i])) {
                targets.add(out[i]);
            }
        }
        return targets.build().toArray();
    }
}
