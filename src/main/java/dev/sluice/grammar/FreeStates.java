package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// Where any text of a kind may come, of any length: the states from which every character of it
/// leads to such a state again. Strings without limits are the usual ones, also those that must
/// only not be one of some words.
///
/// Found once a grammar, when it is first asked for. Not for use by several threads at once.
final class FreeStates {
    private final Rules rules;
    private final TextClass kind;
    private final BitSet free = new BitSet();
    private boolean known;

    FreeStates(Rules rules, TextClass kind) {
        this.rules = rules;
        this.kind = kind;
    }

    /// How many characters of such text may come at least.
    ///
    /// @param stack holds what is counted
    int length(int state, Stack stack) {
        if (rules.repeats()[state].isPresent()) {
            Repeat repeat = rules.repeats()[state].get();
            if (repeat.body().isPresent()
                    || (kind.escapes() && !repeat.json())
                    || !repeat.set().containsAll(kind.set())) {
                return 0;
            }
            return repeat.max() == Repeat.UNBOUNDED
                    ? Integer.MAX_VALUE
                    : repeat.max() - stack.count;
        }
        if (!known) {
            find();
            known = true;
        }
        if (!free.get(state)) {
            return 0;
        }
        return stack.memory instanceof TextLength(int left)
                ? Math.max(0, left - rules.mostCharsLeft())
                : Integer.MAX_VALUE;
    }

    /// The greatest set: a state is dropped when some character no longer leads into it. What comes
    /// late in a rule has high numbers and is looked at first, for it decides about the rest.
    private void find() {
        for (int state = 0; state < rules.ends().length; state++) {
            if (rules.chars()[state].length > 0 && reads(state, false)) {
                free.set(state);
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int state = free.length() - 1;
                    state >= 0;
                    state = free.previousSetBit(state - 1)) {
                if (!reads(state, true)) {
                    free.clear(state);
                    changed = true;
                }
            }
        }
    }

    /// Whether every character leads on, into the set if that is asked.
    private boolean reads(int state, boolean intoSet) {
        List<CodePoints> sets = new ArrayList<>();
        for (CharEdge edge : rules.chars()[state]) {
            if ((edge.json() || !kind.escapes()) && (!intoSet || leadsIn(edge.target()))) {
                sets.add(edge.set());
            }
        }
        return CodePoints.cover(sets, kind.set());
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
