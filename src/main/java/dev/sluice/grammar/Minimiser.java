package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes a deterministic automaton as small as it can be: drops what accepts nothing, merges states
/// that accept the same, and numbers them in the order in which they are met.
///
/// States that may accept the same are a class. A class is split by where its states lead, again
/// and again; only states that lead to what has changed are looked at, and the largest part of a
/// class stays what it was, so that a state moves but a few times.
///
/// @see "Hopcroft 1971, An n log n algorithm for minimizing states in a finite automaton"
final class Minimiser {
    private final int[][] edges;
    private final boolean[] accepts;

    /// @param edges first, last and target of each edge of each state, ascending
    Minimiser(int[][] edges, boolean[] accepts) {
        this.edges = edges;
        this.accepts = accepts;
    }

    TextLanguage run() throws GrammarException {
        int[][] into = into();
        BitSet live = live(into);
        return numbered(live, new Classes(into, live).find());
    }

    /// The states that lead to each.
    private int[][] into() {
        int[] counts = new int[edges.length];
        for (int[] out : edges) {
            for (int k = 2; k < out.length; k += 3) {
                counts[out[k]]++;
            }
        }
        int[][] into = new int[edges.length][];
        Arrays.setAll(into, i -> new int[counts[i]]);
        for (int i = 0; i < edges.length; i++) {
            for (int k = 2; k < edges[i].length; k += 3) {
                into[edges[i][k]][--counts[edges[i][k]]] = i;
            }
        }
        return into;
    }

    private BitSet live(int[][] into) {
        BitSet live = new BitSet();
        int[] work = new int[edges.length];
        int size = 0;
        for (int i = 0; i < accepts.length; i++) {
            if (accepts[i]) {
                live.set(i);
                work[size++] = i;
            }
        }
        for (int i = 0; i < size; i++) {
            for (int from : into[work[i]]) {
                if (!live.get(from)) {
                    live.set(from);
                    work[size++] = from;
                }
            }
        }
        return live;
    }

    /// Where a state leads as far as the classes tell.
    private static final class Signature {
        private final int[] edges;
        private final int hash;

        Signature(int[] edges) {
            this.edges = edges;
            this.hash = Arrays.hashCode(edges);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Signature s && Arrays.equals(edges, s.edges);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /// The classes of living states.
    private final class Classes {
        private final int[][] into;
        private final BitSet live;
        private final int[] classes = new int[edges.length];
        private final List<List<Integer>> members = new ArrayList<>();

        /// Where each state stands among the members of its class.
        private final int[] places = new int[edges.length];

        /// States that lead to what has changed.
        private final BitSet changed;

        Classes(int[][] into, BitSet live) {
            this.into = into;
            this.live = live;
            this.changed = (BitSet) live.clone();
            members.add(new ArrayList<>());
            members.add(new ArrayList<>());
            live.stream().forEach(state -> join(state, accepts[state] ? 1 : 0));
        }

        int[] find() throws GrammarException {
            while (!changed.isEmpty()) {
                CompileTime.check();
                Map<Integer, Map<Signature, List<Integer>>> parts = new LinkedHashMap<>();
                for (int i = changed.nextSetBit(0); i >= 0; i = changed.nextSetBit(i + 1)) {
                    parts.computeIfAbsent(classes[i], _ -> new LinkedHashMap<>())
                            .computeIfAbsent(signature(i), _ -> new ArrayList<>())
                            .add(i);
                }
                // What leads where the rest of its class leads stays with that.
                parts.forEach((of, groups) -> unchanged(of).ifPresent(groups::remove));
                changed.clear();
                parts.forEach((of, groups) -> split(of, new ArrayList<>(groups.values())));
            }
            return classes;
        }

        private Signature signature(int state) {
            return new Signature(merged(edges[state], classes, live));
        }

        /// Where the states of a class lead that lead to nothing that has changed: all to the same.
        private Optional<Signature> unchanged(int of) {
            for (int state : members.get(of)) {
                if (!changed.get(state)) {
                    return Optional.of(signature(state));
                }
            }
            return Optional.empty();
        }

        /// Takes parts out of a class; the largest, or what is left, stays.
        private void split(int of, List<List<Integer>> parts) {
            if (parts.isEmpty()) {
                return;
            }
            parts.sort(Comparator.comparingInt(part -> -part.size()));
            int left = members.get(of).size() - parts.stream().mapToInt(List::size).sum();
            if (left < parts.getFirst().size()) {
                List<Integer> largest = parts.removeFirst();
                if (left > 0) {
                    parts.add(others(of, parts, largest));
                }
            }
            for (List<Integer> part : parts) {
                members.add(new ArrayList<>(part.size()));
                for (int state : part) {
                    leave(state);
                    join(state, members.size() - 1);
                    for (int from : into[state]) {
                        changed.set(from, live.get(from));
                    }
                }
            }
        }

        private List<Integer> others(int of, List<List<Integer>> parts, List<Integer> largest) {
            BitSet all = new BitSet();
            members.get(of).forEach(all::set);
            parts.forEach(part -> part.forEach(all::clear));
            largest.forEach(all::clear);
            return all.stream().boxed().toList();
        }

        private void leave(int state) {
            List<Integer> all = members.get(classes[state]);
            int last = all.removeLast();
            if (last != state) {
                all.set(places[state], last);
                places[last] = places[state];
            }
        }

        private void join(int state, int to) {
            classes[state] = to;
            places[state] = members.get(to).size();
            members.get(to).add(state);
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
