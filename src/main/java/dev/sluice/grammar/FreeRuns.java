package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// How much text of a kind may come at a place at least, whatever it is.
///
/// What is free in one reading is found for the states of the whole grammar ([FreeStates]); where
/// only several readings together allow everything, as in the keys of an object with patterns, the
/// characters are followed from that place. Belongs to one machine, whose lock its callers hold.
final class FreeRuns {
    /// Longer runs count as long as this, unless they have no end.
    static final int LONG = 32;

    /// Readings beyond so many places are given up: the walk of the vocabulary is cheaper.
    private static final int MAX_PLACES = 300;

    private static final int MAX_SETS = 40;

    private final Machine machine;
    private final Rules rules;
    private final List<FreeStates> states;

    FreeRuns(Machine machine) {
        this.machine = machine;
        this.rules = machine.rules();
        this.states = TextClass.ALL.stream().map(kind -> new FreeStates(rules, kind)).toList();
    }

    /// Characters; [Integer#MAX_VALUE] for no end.
    int length(Configurations top, TextClass kind) {
        if (!coversAscii(top, kind)) {
            return 0;
        }
        int one = ofOneReading(top, kind);
        if (one >= LONG) {
            return one;
        }
        int[] known = known(top);
        if (known[kind.index()] < 0) {
            known[kind.index()] = Math.max(one, followed(top, kind));
        }
        return known[kind.index()];
    }

    /// How many characters may come at most, if so many may come whatever they are: what is left of
    /// a repetition behind which, and beside which, no such text can be read.
    ///
    /// @return 0 if that is not so
    int limit(Configurations top, TextClass kind) {
        if (top.endsBase || !coversAscii(top, kind)) {
            return 0;
        }
        int repetition = -1;
        for (int i = 0; i < top.size(); i++) {
            if (isRepetition(top, i, kind) && repetition < 0) {
                repetition = i;
            } else if (mayRead(top, i, kind)) {
                return 0;
            }
        }
        if (repetition < 0) {
            return 0;
        }
        Configurations behind = machine.behind(top.stacks[repetition]);
        for (int i = 0; i < behind.size(); i++) {
            if (mayRead(behind, i, kind)) {
                return 0;
            }
        }
        return behind.endsBase ? 0 : ofOneReading(top, kind);
    }

    private boolean isRepetition(Configurations top, int i, TextClass kind) {
        return top.partials[i] == Partial.NONE
                && rules.repeats()[top.states[i]]
                        .filter(repeat -> repeat.body().isEmpty())
                        .filter(repeat -> repeat.max() != Repeat.UNBOUNDED)
                        .filter(repeat -> repeat.set().containsAll(kind.set()))
                        .filter(repeat -> repeat.json() || !kind.escapes())
                        .isPresent();
    }

    /// Whether a reading may take in the beginning of such text.
    private boolean mayRead(Configurations top, int i, TextClass kind) {
        int state = top.states[i];
        if (top.partials[i] != Partial.NONE || rules.repeats()[state].isPresent()) {
            return true;
        }
        for (CharEdge edge : rules.chars()[state]) {
            if (kind.escapes()
                    ? edge.json()
                            || edge.set().overlaps(CodePoints.PLAIN)
                            || edge.set().contains('\\')
                    : edge.set().overlaps(kind.set())) {
                return true;
            }
        }
        return false;
    }

    private static int[] known(Configurations top) {
        int[] known = top.runs;
        if (known == null) {
            known = new int[TextClass.ALL.size()];
            Arrays.fill(known, -1);
            top.runs = known;
        }
        return known;
    }

    /// Most places are ruled out by this.
    private boolean coversAscii(Configurations top, TextClass kind) {
        long low = 0;
        long high = 0;
        for (int i = 0; i < top.size(); i++) {
            if (top.partials[i] != Partial.NONE) {
                continue;
            }
            int state = top.states[i];
            if (rules.repeats()[state].isPresent()) {
                low |= rules.repeats()[state].get().set().low();
                high |= rules.repeats()[state].get().set().high();
            }
            for (CharEdge edge : rules.chars()[state]) {
                low |= edge.set().low();
                high |= edge.set().high();
            }
        }
        return (kind.set().low() & ~low) == 0 && (kind.set().high() & ~high) == 0;
    }

    private int ofOneReading(Configurations top, TextClass kind) {
        FreeStates free = states.get(kind.index());
        int most = 0;
        for (int i = 0; i < top.size() && most < Integer.MAX_VALUE; i++) {
            if (top.partials[i] == Partial.NONE) {
                most = Math.max(most, free.length(top.states[i], top.stacks[i]));
            }
        }
        return most;
    }

    private int followed(Configurations top, TextClass kind) {
        Set<Configurations> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Configurations> level = List.of(top);
        seen.add(top);
        int limit = LONG;
        boolean endless = true;
        for (int depth = 0; depth < limit && !level.isEmpty(); depth++) {
            List<Configurations> next = new ArrayList<>();
            for (Configurations at : level) {
                int one = coversAscii(at, kind) ? ofOneReading(at, kind) : 0;
                if (one >= LONG - depth) {
                    endless &= one == Integer.MAX_VALUE;
                } else if (one > 0) {
                    limit = Math.min(limit, depth + one);
                } else if (seen.size() > MAX_PLACES || !follow(at, kind, seen, next)) {
                    return depth;
                }
            }
            level = next;
        }
        if (!endless || !level.isEmpty() || limit < LONG) {
            return limit;
        }
        seen.forEach(each -> known(each)[kind.index()] = Integer.MAX_VALUE);
        return Integer.MAX_VALUE;
    }

    /// Adds the places behind each character.
    ///
    /// @return whether every character leads on
    private boolean follow(
            Configurations at, TextClass kind, Set<Configurations> seen, List<Configurations> out) {
        List<CodePoints> sets = sets(at);
        if (sets.size() > MAX_SETS || !CodePoints.cover(sets, kind.set())) {
            return false;
        }
        Set<Long> tried = new HashSet<>();
        for (int c : kind.set().representatives(sets)) {
            boolean raw = CodePoints.PLAIN.contains(c);
            long signature = raw ? 1 : 0;
            for (CodePoints set : sets) {
                signature = signature << 1 | (set.contains(c) ? 1 : 0);
            }
            if (!tried.add(signature)) {
                continue;
            }
            if ((raw && !step(at, c, false, seen, out))
                    || (kind.escapes() && !step(at, c, true, seen, out))) {
                return false;
            }
        }
        return true;
    }

    private boolean step(
            Configurations at,
            int c,
            boolean escaped,
            Set<Configurations> seen,
            List<Configurations> out) {
        Configurations target = machine.character(at, c, escaped);
        if (!target.isDead() && seen.add(target)) {
            out.add(target);
        }
        return !target.isDead();
    }

    private List<CodePoints> sets(Configurations at) {
        Set<CodePoints> sets = new HashSet<>();
        for (int i = 0; i < at.size(); i++) {
            if (at.partials[i] != Partial.NONE) {
                continue;
            }
            int state = at.states[i];
            rules.repeats()[state].ifPresent(repeat -> sets.add(repeat.set()));
            for (CharEdge edge : rules.chars()[state]) {
                sets.add(edge.set());
            }
        }
        return List.copyOf(sets);
    }
}
