package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Counts, for the states of rules with a [TextLength], the least number of characters that must
/// follow.
final class CharsLeft {
    private static final int[] NONE = {};

    private final Rules rules;
    private final int[] counts;

    private CharsLeft(Rules rules, int[] counts) {
        this.rules = rules;
        this.counts = counts;
    }

    /// The numbers of all states, 0 for those of other rules; empty if no rule counts.
    static int[] count(Rules rules) {
        int[] counts = NONE;
        for (int rule = 0; rule < rules.starts().length; rule++) {
            if (rules.memories()[rule] instanceof TextLength) {
                if (counts.length == 0) {
                    counts = new int[rules.ends().length];
                }
                new CharsLeft(rules, counts).count(rules.starts()[rule]);
            }
        }
        return counts;
    }

    /// Goes back from the ends, first to what leads there without a character.
    private void count(int start) {
        Visits visits = rules.statesOf(start);
        Sources byChar = new Sources(visits.size());
        Sources byNothing = new Sources(visits.size());
        int[] least = new int[visits.size()];
        Arrays.fill(least, -1);
        List<Integer> level = new ArrayList<>();
        for (int i = 0; i < visits.size(); i++) {
            int state = visits.get(i);
            for (CharEdge edge : rules.chars()[state]) {
                byChar.add(visits.place(edge.target()), i);
            }
            for (int target : rules.epsilons()[state]) {
                byNothing.add(visits.place(target), i);
            }
            if (rules.ends()[state]) {
                level.add(i);
            }
        }
        for (int chars = 0; !level.isEmpty(); chars++) {
            List<Integer> next = new ArrayList<>();
            for (int k = 0; k < level.size(); k++) {
                int at = level.get(k);
                if (least[at] < 0) {
                    least[at] = chars;
                    counts[visits.get(at)] = chars;
                    byNothing.forEach(at, level::add);
                    byChar.forEach(at, next::add);
                }
            }
            level = next;
        }
    }
}
