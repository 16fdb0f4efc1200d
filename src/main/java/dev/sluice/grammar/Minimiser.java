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
/// Where no cycle has more than one state, as in most languages, every state is looked at once,
/// behind those that it leads to; else classes are split until they hold.
///
/// @see "Moore 1956, Gedanken-experiments on sequential machines"
/// @see "Revuz 1992, Minimisation of acyclic deterministic automata in linear time"
final class Minimiser {
    /// Stands for the class of the state itself.
    private static final int SELF = -1;

    private final int[][] edges;
    private final boolean[] accepts;

    /// @param edges first, last and target of each edge of each state, ascending
    Minimiser(int[][] edges, boolean[] accepts) {
        this.edges = edges;
        this.accepts = accepts;
    }

    TextLanguage run() {
        List<List<Integer>> into = into();
        BitSet live = live(into);
        int[] order = backward(into, live);
        int[] classes = order.length == live.cardinality() ? hashed(order, live) : split(live);
        return numbered(live, classes);
    }

    private List<List<Integer>> into() {
        List<List<Integer>> into = new ArrayList<>();
        for (int i = 0; i < edges.length; i++) {
            into.add(new ArrayList<>(1));
        }
        for (int i = 0; i < edges.length; i++) {
            for (int k = 2; k < edges[i].length; k += 3) {
                into.get(edges[i][k]).add(i);
            }
        }
        return into;
    }

    private BitSet live(List<List<Integer>> into) {
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

    /// The living states, each behind those that it leads to, but for itself; without those that
    /// lead to a longer cycle.
    private int[] backward(List<List<Integer>> into, BitSet live) {
        int[] open = new int[edges.length];
        int[] order = new int[live.cardinality()];
        int found = 0;
        for (int i = live.nextSetBit(0); i >= 0; i = live.nextSetBit(i + 1)) {
            for (int k = 2; k < edges[i].length; k += 3) {
                open[i] += edges[i][k] != i && live.get(edges[i][k]) ? 1 : 0;
            }
            if (open[i] == 0) {
                order[found++] = i;
            }
        }
        for (int i = 0; i < found; i++) {
            for (int from : into.get(order[i])) {
                if (from != order[i] && --open[from] == 0) {
                    order[found++] = from;
                }
            }
        }
        return Arrays.copyOf(order, found);
    }

    /// The classes of states whose edges lead to themselves or to what comes earlier.
    private int[] hashed(int[] order, BitSet live) {
        int[] classes = new int[edges.length];
        Map<Signature, Integer> numbers = new HashMap<>();
        int count = 0;
        for (int state : order) {
            if (!leadsToItself(state)) {
                Integer known = numbers.putIfAbsent(signature(state, classes, live), count);
                classes[state] = known == null ? count++ : known;
                continue;
            }
            int same = sameAsSuccessor(state, classes, live, numbers);
            if (same >= 0) {
                classes[state] = same;
                continue;
            }
            classes[state] = SELF;
            Integer known = numbers.putIfAbsent(signature(state, classes, live), count);
            classes[state] = known == null ? count++ : known;
            if (known == null) {
                numbers.put(signature(state, classes, live), classes[state]);
            }
        }
        return classes;
    }

    private boolean leadsToItself(int state) {
        for (int k = 2; k < edges[state].length; k += 3) {
            if (edges[state][k] == state) {
                return true;
            }
        }
        return false;
    }

    /// The class of a state that leads to itself, if it is that of another state to which it leads;
    /// else less than 0.
    private int sameAsSuccessor(
            int state, int[] classes, BitSet live, Map<Signature, Integer> numbers) {
        int[] out = edges[state];
        for (int k = 2; k < out.length; k += 3) {
            if (out[k] != state && live.get(out[k])) {
                classes[state] = classes[out[k]];
                Integer known = numbers.get(signature(state, classes, live));
                if (known != null && known == classes[state]) {
                    return known;
                }
            }
        }
        return -1;
    }

    private Signature signature(int state, int[] classes, BitSet live) {
        return new Signature(accepts[state] ? 1 : 0, merged(edges[state], classes, live));
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

    private int[] split(BitSet live) {
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
