package dev.sluice.grammar;

import dev.sluice.grammar.GrammarBuilder.RawRule;
import dev.sluice.grammar.GrammarBuilder.RawState;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Finds the rules that some text follows.
final class Productive {
    private static final int MAX_MISSING = 100;

    private final GrammarBuilder builder;
    private final boolean orEmpty;
    private final BitSet found = new BitSet();
    private final Visits visits = new Visits();

    /// @param orEmpty whether the empty text of a repetition counts
    Productive(GrammarBuilder builder, boolean orEmpty) {
        this.builder = builder;
        this.orEmpty = orEmpty;
    }

    /// The rules that come to an end.
    ///
    /// @param rules callers mostly before those that they call
    /// @throws GrammarException if that takes too long
    BitSet find(List<Integer> rules) throws GrammarException {
        boolean changed = true;
        while (changed) {
            changed = false;
            builder.checkTime();
            for (int rule : rules.reversed()) {
                if (!found.get(rule) && ends(rule)) {
                    found.set(rule);
                    changed = true;
                }
            }
        }
        return found;
    }

    private boolean ends(int rule) {
        RawRule raw = builder.rules.get(rule);
        if (raw.isRepeat()) {
            return (orEmpty && raw.min() == 0)
                    || (raw.body().isPresent()
                            ? found.get(raw.body().getAsInt())
                            : !raw.set().isEmpty());
        }
        visits.clear();
        visits.visit(raw.start());
        for (int i = 0; i < visits.size() && !visits.contains(raw.end()); i++) {
            RawState state = builder.states.get(visits.get(i));
            state.visitTargets(visits);
            for (CallEdge call : state.calls) {
                if (found.get(call.rule())) {
                    visits.visit(call.target());
                }
            }
        }
        return visits.contains(raw.end());
    }

    /// Whether a rule calls one that never ends; call [#find] first.
    boolean callsOthers(int rule) {
        return !others(rule, 1).isEmpty();
    }

    /// The one rule for the lack of which another never ends; call [#find] first.
    ///
    /// @return empty if there are several, or none alone would do
    OptionalInt missing(int rule) {
        Set<Integer> enough = new HashSet<>();
        for (int other : others(rule, MAX_MISSING)) {
            found.set(other);
            if (other != rule && ends(rule)) {
                enough.add(other);
            }
            found.clear(other);
        }
        return enough.size() == 1 ? OptionalInt.of(enough.iterator().next()) : OptionalInt.empty();
    }

    /// The rules that a rule calls and that never end, so many at most.
    private Set<Integer> others(int rule, int most) {
        Set<Integer> others = new HashSet<>();
        RawRule raw = builder.rules.get(rule);
        if (raw.isRepeat()) {
            raw.body().ifPresent(others::add);
            others.removeIf(found::get);
            return others;
        }
        visits.clear();
        visits.visit(raw.start());
        for (int i = 0; i < visits.size(); i++) {
            RawState state = builder.states.get(visits.get(i));
            state.visitTargets(visits);
            for (CallEdge call : state.calls) {
                if (!found.get(call.rule())) {
                    others.add(call.rule());
                }
                if (others.size() == most) {
                    return others;
                }
                visits.visit(call.target());
            }
        }
        return others;
    }
}
