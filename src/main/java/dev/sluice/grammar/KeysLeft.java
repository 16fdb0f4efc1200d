package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Counts, for the states of rules that read keys, how many keys may follow: where they are only so
/// many they may all have come already.
final class KeysLeft {
    /// More than can be counted.
    static final int MANY = Integer.MAX_VALUE;

    private static final int[] NONE = {};

    private final Rules rules;
    private final int[] counts;

    private KeysLeft(Rules rules, int[] counts) {
        this.rules = rules;
        this.counts = counts;
    }

    /// How many keys may follow in each state, or fewer; empty if no rule reads keys.
    static int[] count(Rules rules) {
        int[] counts = NONE;
        for (int rule = 0; rule < rules.starts().length; rule++) {
            if (rules.memories()[rule] instanceof KeyText) {
                if (counts.length == 0) {
                    counts = new int[rules.ends().length];
                    Arrays.fill(counts, MANY);
                }
                new KeysLeft(rules, counts).count(rules.starts()[rule]);
            }
        }
        return counts;
    }

    /// Takes away, again and again, what leads nowhere else; cycles are left.
    private void count(int start) {
        Visits visits = rules.statesOf(start);
        Sources sources = new Sources(visits.size());
        int[] open = new int[visits.size()];
        List<Integer> work = new ArrayList<>();
        for (int i = 0; i < visits.size(); i++) {
            List<Integer> targets = targets(visits.get(i));
            open[i] = targets.size();
            for (int target : targets) {
                sources.add(visits.place(target), i);
            }
            if (targets.isEmpty()) {
                work.add(i);
            }
        }
        for (int k = 0; k < work.size(); k++) {
            int state = visits.get(work.get(k));
            counts[state] = sum(state);
            sources.forEach(
                    work.get(k),
                    source -> {
                        if (--open[source] == 0) {
                            work.add(source);
                        }
                    });
        }
    }

    private List<Integer> targets(int state) {
        List<Integer> targets = new ArrayList<>();
        for (CharEdge edge : rules.chars()[state]) {
            targets.add(edge.target());
        }
        for (CallEdge edge : rules.calls()[state]) {
            targets.add(edge.target());
        }
        for (int target : rules.epsilons()[state]) {
            targets.add(target);
        }
        return targets;
    }

    /// Characters lead to keys that differ; what else leads on may lead to the same ones.
    private int sum(int state) {
        long same = rules.ends()[state] ? 1 : 0;
        long sum = 0;
        for (CharEdge edge : rules.chars()[state]) {
            if (edge.json()) {
                sum = Math.min(MANY, sum + (long) counts[edge.target()] * size(edge.set()));
            } else {
                same = Math.max(same, counts[edge.target()]);
            }
        }
        for (CallEdge edge : rules.calls()[state]) {
            same = Math.max(same, counts[edge.target()]);
        }
        for (int target : rules.epsilons()[state]) {
            same = Math.max(same, counts[target]);
        }
        return (int) Math.min(MANY, sum + same);
    }

    private static int size(CodePoints set) {
        int size = 0;
        int[] ranges = set.ranges();
        for (int i = 0; i < ranges.length; i += 2) {
            size += ranges[i + 1] - ranges[i] + 1;
        }
        return size;
    }
}
