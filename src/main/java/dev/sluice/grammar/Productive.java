package dev.sluice.grammar;

import dev.sluice.grammar.GrammarBuilder.RawRule;
import dev.sluice.grammar.GrammarBuilder.RawState;

import java.util.BitSet;
import java.util.List;

/// Finds the rules that some text follows.
final class Productive {
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
        visits.clear();
        visits.visit(builder.start(rule));
        for (int i = 0; i < visits.size(); i++) {
            RawState state = builder.states.get(visits.get(i));
            state.visitTargets(visits);
            for (CallEdge call : state.calls) {
                if (!found.get(call.rule())) {
                    return true;
                }
                visits.visit(call.target());
            }
        }
        return false;
    }
}
