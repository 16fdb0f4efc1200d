package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Where any plain text may come, of any length: the states from which every plain character leads
/// to such a state again. Strings without limits are the usual ones, also those that must only not
/// be one of some words.
///
/// Found once a grammar, when it is first asked for. Not for use by several threads at once.
final class PlainText {
    private final Rules rules;
    private final BitSet free = new BitSet();
    private boolean known;

    PlainText(Rules rules) {
        this.rules = rules;
    }

    /// How many characters of plain text may come at least.
    ///
    /// @param count repetitions so far, if the state is one of a repetition
    int length(int state, int count) {
        if (rules.repeats()[state].isPresent()) {
            Repeat repeat = rules.repeats()[state].get();
            if (repeat.body().isPresent() || !repeat.set().containsAll(CodePoints.PLAIN)) {
                return 0;
            }
            return repeat.max() == Repeat.UNBOUNDED ? Integer.MAX_VALUE : repeat.max() - count;
        }
        if (!known) {
            find();
            known = true;
        }
        return free.get(state) ? Integer.MAX_VALUE : 0;
    }

    /// The greatest set: a state is dropped when some plain character no longer leads into it.
    private void find() {
        for (int state = 0; state < rules.ends().length; state++) {
            if (rules.chars()[state].length > 0 && reads(state, false)) {
                free.set(state);
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int state = free.nextSetBit(0); state >= 0; state = free.nextSetBit(state + 1)) {
                if (!reads(state, true)) {
                    free.clear(state);
                    changed = true;
                }
            }
        }
    }

    /// Whether every plain character leads on, into the set if that is asked.
    private boolean reads(int state, boolean intoSet) {
        CodePoints read = CodePoints.NONE;
        for (CharEdge edge : rules.chars()[state]) {
            if (!intoSet || leadsIn(edge.target())) {
                read = read.isEmpty() ? edge.set() : read.union(edge.set());
            }
        }
        return read.containsAll(CodePoints.PLAIN);
    }

    private boolean leadsIn(int target) {
        if (free.get(target)) {
            return true;
        }
        if (rules.epsilons()[target].length == 0) {
            return false;
        }
        BitSet seen = new BitSet();
        List<Integer> work = new ArrayList<>();
        seen.set(target);
        work.add(target);
        for (int i = 0; i < work.size(); i++) {
            if (free.get(work.get(i))) {
                return true;
            }
            for (int next : rules.epsilons()[work.get(i)]) {
                if (!seen.get(next)) {
                    seen.set(next);
                    work.add(next);
                }
            }
        }
        return false;
    }
}
