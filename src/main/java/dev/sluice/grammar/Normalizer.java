package dev.sluice.grammar;

import dev.sluice.grammar.GrammarBuilder.RawRule;
import dev.sluice.grammar.GrammarBuilder.RawState;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;

/// Brings rules into the form of [Rules].
///
/// Calls of rules that may be empty get a bypass, and those rules a start that must read something.
/// Left recursion is removed by Paull's algorithm on automata: what a rule begins with is copied
/// into it until it begins with itself alone, and then its end leads back to where it went on.
///
/// @see "Moore 2000, Removing left recursion from context-free grammars"
final class Normalizer {
    private final GrammarBuilder builder;
    private final List<RawState> states;
    private final List<RawRule> rules;
    private final BitSet nullable = new BitSet();
    private final BitSet ends = new BitSet();
    private final BitSet split = new BitSet();
    private final BitSet productive = new BitSet();
    private List<Integer> reachable = new ArrayList<>();
    private final Visits visits = new Visits();
    private final Visits useful = new Visits();

    Normalizer(GrammarBuilder builder) {
        this.builder = builder;
        this.states = builder.states;
        this.rules = builder.rules;
    }

    Rules normalize(int root) throws GrammarException {
        keepReachable(root);
        findNullable();
        bypassNullable();
        for (int rule : reachable) {
            if (nullable.get(rule) && !rules.get(rule).isRepeat()) {
                splitStart(rule);
            }
        }
        removeLeftRecursion();
        Productive found = new Productive(builder, false);
        productive.or(found.find(reachable));
        boolean acceptsEmpty = nullable.get(root);
        if (!productive.get(root) && !acceptsEmpty) {
            throw GrammarException.malformed("no text can follow the grammar" + why(found, root));
        }
        trim();
        return new RulesWriter(builder, ends, ranked(root)).write(root, acceptsEmpty);
    }

    /// Follows what keeps a rule from coming to an end down to where that is the schema's doing.
    private String why(Productive found, int root) {
        String why = "";
        Set<Integer> seen = new HashSet<>();
        OptionalInt at = OptionalInt.of(root);
        while (at.isPresent() && seen.add(at.getAsInt())) {
            why =
                    builder.place(at.getAsInt())
                            .map(": no value of the schema at %s can be written"::formatted)
                            .orElse(why);
            at = found.missing(at.getAsInt());
        }
        return why;
    }

    /// Finds the rules that are called from the root, and the states of each.
    private void keepReachable(int root) {
        Set<Integer> seen = new LinkedHashSet<>();
        Deque<Integer> work = new ArrayDeque<>();
        seen.add(root);
        work.add(root);
        while (!work.isEmpty()) {
            int rule = work.remove();
            for (int callee : callees(rule)) {
                if (seen.add(callee)) {
                    work.add(callee);
                }
            }
        }
        reachable = List.copyOf(seen);
    }

    private Collection<Integer> callees(int rule) {
        RawRule raw = rules.get(rule);
        if (raw.isRepeat()) {
            return raw.body().isPresent() ? List.of(raw.body().getAsInt()) : List.of();
        }
        ends.set(raw.end());
        List<Integer> callees = new ArrayList<>();
        for (int state : statesOf(raw.start())) {
            for (CallEdge call : states.get(state).calls) {
                callees.add(call.rule());
            }
        }
        return callees;
    }

    /// The states that can be reached inside a rule.
    private int[] statesOf(int start) {
        visits.clear();
        visits.visit(start);
        for (int i = 0; i < visits.size(); i++) {
            RawState state = states.get(visits.get(i));
            state.visitTargets(visits);
            for (CallEdge edge : state.calls) {
                visits.visit(edge.target());
            }
        }
        return visits.toArray();
    }

    /// Rules that are called are mostly found behind their callers, so they are looked at first.
    private void findNullable() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int rule : reachable.reversed()) {
                if (!nullable.get(rule) && mayBeEmpty(rules.get(rule))) {
                    nullable.set(rule);
                    changed = true;
                }
            }
        }
    }

    private boolean mayBeEmpty(RawRule raw) {
        if (raw.isRepeat()) {
            return raw.min() == 0
                    || (raw.body().isPresent() && nullable.get(raw.body().getAsInt()));
        }
        visits.clear();
        visits.visit(raw.start());
        for (int i = 0; i < visits.size() && !visits.contains(raw.end()); i++) {
            RawState state = states.get(visits.get(i));
            for (int target : state.epsilons) {
                visits.visit(target);
            }
            for (CallEdge call : state.calls) {
                if (nullable.get(call.rule())) {
                    visits.visit(call.target());
                }
            }
        }
        return visits.contains(raw.end());
    }

    private void bypassNullable() {
        for (int rule : reachable) {
            RawRule raw = rules.get(rule);
            if (raw.isRepeat()) {
                if (raw.body().isPresent() && nullable.get(raw.body().getAsInt())) {
                    rules.set(
                            rule,
                            new RawRule(-1, -1, raw.body(), raw.set(), raw.json(), 1, raw.max()));
                }
                continue;
            }
            for (int at : statesOf(raw.start())) {
                RawState state = states.get(at);
                for (CallEdge call : state.calls) {
                    if (nullable.get(call.rule())) {
                        state.epsilons.add(call.target());
                    }
                }
            }
        }
    }

    private int[] emptyClosure(int start) {
        visits.clear();
        visits.visit(start);
        for (int i = 0; i < visits.size(); i++) {
            for (int target : states.get(visits.get(i)).epsilons) {
                visits.visit(target);
            }
        }
        return visits.toArray();
    }

    /// Gives a rule a start of its own, to which nothing leads, from which nothing is skipped and
    /// where the rule does not end.
    private void splitStart(int rule) throws GrammarException {
        if (split.get(rule)) {
            return;
        }
        split.set(rule);
        RawRule raw = rules.get(rule);
        int start = builder.state();
        RawState merged = states.get(start);
        for (int at : emptyClosure(raw.start())) {
            RawState state = states.get(at);
            merged.chars.addAll(state.chars);
            merged.tokens.addAll(state.tokens);
            merged.calls.addAll(state.calls);
        }
        rules.set(rule, RawRule.automaton(start, raw.end()));
    }

    /// The rules with which a rule may begin.
    private Set<Integer> leftCalls(int rule) {
        RawRule raw = rules.get(rule);
        if (raw.isRepeat()) {
            return raw.body().isPresent() ? Set.of(raw.body().getAsInt()) : Set.of();
        }
        Set<Integer> callees = new LinkedHashSet<>();
        for (int at : emptyClosure(raw.start())) {
            states.get(at).calls.forEach(call -> callees.add(call.rule()));
        }
        return callees;
    }

    private Map<Integer, Set<Integer>> leftGraph() {
        Map<Integer, Set<Integer>> graph = new HashMap<>();
        for (int rule : reachable) {
            graph.put(rule, leftCalls(rule));
        }
        return graph;
    }

    private void removeLeftRecursion() throws GrammarException {
        Map<Integer, Set<Integer>> graph = leftGraph();
        for (List<Integer> component : new Components(graph).find(reachable)) {
            int first = component.getFirst();
            if (component.size() == 1 && !graph.getOrDefault(first, Set.of()).contains(first)) {
                continue;
            }
            for (int rule : component) {
                if (rules.get(rule).isRepeat()) {
                    unroll(rule);
                }
                splitStart(rule);
            }
            for (int i = 0; i < component.size(); i++) {
                for (int j = 0; j < i; j++) {
                    inline(component.get(i), component.get(j));
                }
                loop(component.get(i));
            }
        }
    }

    /// Turns a repetition into an automaton.
    private void unroll(int rule) throws GrammarException {
        RawRule raw = rules.get(rule);
        int body = raw.body().orElseThrow();
        int least = Math.max(1, raw.min());
        int start = builder.state();
        int end = builder.state();
        ends.set(end);
        int at = start;
        int limit = raw.max() == Repeat.UNBOUNDED ? least : raw.max();
        for (int i = 1; i <= limit; i++) {
            at = builder.call(at, body);
            if (i >= least) {
                builder.epsilon(at, end);
            }
        }
        if (raw.max() == Repeat.UNBOUNDED) {
            builder.call(at, body, at);
        }
        rules.set(rule, RawRule.automaton(start, end));
    }

    /// Copies a rule into the start of another one that begins with it.
    private void inline(int rule, int callee) throws GrammarException {
        RawState start = states.get(rules.get(rule).start());
        List<Integer> returns = takeCalls(start, callee);
        if (returns.isEmpty()) {
            return;
        }
        RawRule raw = rules.get(callee);
        Map<Integer, Integer> copies = new LinkedHashMap<>();
        for (int at : statesOf(raw.start())) {
            if (at != raw.start()) {
                copies.put(at, builder.state());
            }
        }
        copies.forEach((from, to) -> copyEdges(states.get(from), states.get(to), copies));
        copyEdges(states.get(raw.start()), start, copies);
        if (copies.containsKey(raw.end())) {
            states.get(copy(copies, raw.end())).epsilons.addAll(returns);
        }
    }

    private static void copyEdges(RawState from, RawState to, Map<Integer, Integer> copies) {
        from.chars.forEach(edge -> to.chars.add(edge.to(copy(copies, edge.target()))));
        from.tokens.forEach(edge -> to.tokens.add(edge.to(copy(copies, edge.target()))));
        from.calls.forEach(edge -> to.calls.add(edge.to(copy(copies, edge.target()))));
        from.epsilons.forEach(target -> to.epsilons.add(copy(copies, target)));
    }

    private static int copy(Map<Integer, Integer> copies, int state) {
        return Objects.requireNonNull(copies.get(state));
    }

    /// Where the calls of a rule return to; the calls are removed.
    private static List<Integer> takeCalls(RawState state, int callee) {
        List<Integer> returns = new ArrayList<>();
        List<CallEdge> kept = new ArrayList<>();
        for (CallEdge call : state.calls) {
            if (call.rule() == callee) {
                returns.add(call.target());
            } else {
                kept.add(call);
            }
        }
        state.calls = kept;
        return returns;
    }

    /// A rule that begins with itself goes on, at its end, as it would behind that beginning.
    private void loop(int rule) {
        RawRule raw = rules.get(rule);
        List<Integer> returns = takeCalls(states.get(raw.start()), rule);
        states.get(raw.end()).epsilons.addAll(returns);
    }

    /// Removes what never comes to an end.
    private void trim() {
        for (int rule : reachable) {
            if (!rules.get(rule).isRepeat()) {
                trim(rule);
            }
        }
    }

    private void trim(int rule) {
        RawRule raw = rules.get(rule);
        int[] found = statesOf(raw.start());
        Sources sources = new Sources(found.length);
        for (int i = 0; i < found.length; i++) {
            RawState state = states.get(found[i]);
            if (!state.calls.isEmpty()) {
                state.calls.removeIf(call -> !productive.get(call.rule()));
            }
            for (CharEdge edge : state.chars) {
                sources.add(visits.place(edge.target()), found[i]);
            }
            for (TokenEdge edge : state.tokens) {
                sources.add(visits.place(edge.target()), found[i]);
            }
            for (CallEdge edge : state.calls) {
                sources.add(visits.place(edge.target()), found[i]);
            }
            for (int target : state.epsilons) {
                sources.add(visits.place(target), found[i]);
            }
        }
        useful.clear();
        useful.visit(raw.end());
        for (int i = 0; i < useful.size(); i++) {
            if (visits.contains(useful.get(i))) {
                sources.forEach(visits.place(useful.get(i)), useful::visit);
            }
        }
        boolean all = visits.contains(raw.end()) && useful.size() == found.length;
        for (int at : found) {
            RawState state = states.get(at);
            if (!all) {
                state.chars.removeIf(edge -> !useful.contains(edge.target()));
                state.tokens.removeIf(edge -> !useful.contains(edge.target()));
                state.calls.removeIf(edge -> !useful.contains(edge.target()));
            }
            if (!state.epsilons.isEmpty()) {
                state.epsilons.removeIf(target -> !useful.contains(target) || target == at);
            }
        }
    }

    /// The rules that are needed, callers before the rules that they begin with.
    private List<Integer> ranked(int root) {
        keepReachable(root);
        List<List<Integer>> components = new Components(leftGraph()).find(reachable);
        List<Integer> order = new ArrayList<>();
        for (List<Integer> component : components.reversed()) {
            order.addAll(component);
        }
        return order;
    }
}
