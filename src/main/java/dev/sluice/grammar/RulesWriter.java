package dev.sluice.grammar;

import dev.sluice.grammar.GrammarBuilder.RawRule;
import dev.sluice.grammar.GrammarBuilder.RawState;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Numbers the states of normalised rules anew and writes them as [Rules].
final class RulesWriter {
    private static final CharEdge[] NO_CHARS = {};
    private static final TokenEdge[] NO_TOKENS = {};
    private static final CallEdge[] NO_CALLS = {};
    private static final int[] NO_STATES = {};

    private final List<RawState> states;
    private final List<RawRule> rules;
    private final BitSet ends;
    private final List<Integer> order;
    private final Map<Integer, Memory> begins;

    /// New numbers plus one, by old ones; 0 for none yet.
    private final int[] numberOfState;

    private final int[] numberOfRule;
    private final List<Integer> kept = new ArrayList<>();

    /// @param order the rules that are needed, in the order of their new numbers
    RulesWriter(GrammarBuilder builder, BitSet ends, List<Integer> order) {
        this.states = builder.states;
        this.rules = builder.rules;
        this.begins = builder.memories;
        this.ends = ends;
        this.order = order;
        this.numberOfState = new int[states.size()];
        this.numberOfRule = new int[rules.size()];
    }

    Rules write(int root, boolean acceptsEmpty) {
        for (int i = 0; i < order.size(); i++) {
            numberOfRule[order.get(i)] = i;
        }
        int[] starts = new int[order.size()];
        List<Integer> repeatStates = new ArrayList<>();
        for (int i = 0; i < starts.length; i++) {
            RawRule raw = rules.get(order.get(i));
            starts[i] = raw.isRepeat() ? repeatState(i, repeatStates) : number(raw.start());
        }
        for (int i = 0; i < kept.size(); i++) {
            if (kept.get(i) >= 0) {
                numberTargets(states.get(kept.get(i)));
            }
        }
        return fill(starts, ruleNumber(root), acceptsEmpty);
    }

    /// Repetitions have one state, which stands for none of the old ones.
    private int repeatState(int rule, List<Integer> repeatStates) {
        repeatStates.add(rule);
        kept.add(-1 - rule);
        return kept.size() - 1;
    }

    private int number(int state) {
        if (numberOfState[state] == 0) {
            kept.add(state);
            numberOfState[state] = kept.size();
        }
        return numberOfState[state] - 1;
    }

    private int ruleNumber(int rule) {
        return numberOfRule[rule];
    }

    private void numberTargets(RawState state) {
        state.chars.forEach(edge -> number(edge.target()));
        state.tokens.forEach(edge -> number(edge.target()));
        state.calls.forEach(edge -> number(edge.target()));
        state.epsilons.forEach(this::number);
    }

    private Rules fill(int[] starts, int root, boolean acceptsEmpty) {
        int n = kept.size();
        CharEdge[][] chars = new CharEdge[n][];
        TokenEdge[][] tokens = new TokenEdge[n][];
        CallEdge[][] calls = new CallEdge[n][];
        int[][] epsilons = new int[n][];
        boolean[] isEnd = new boolean[n];
        boolean[] onlyEnds = new boolean[n];
        @SuppressWarnings({"unchecked", "rawtypes"})
        Optional<Repeat>[] repeats = new Optional[n];
        RawState none = new RawState();
        for (int i = 0; i < n; i++) {
            boolean isRepeat = kept.get(i) < 0;
            RawState state = isRepeat ? none : states.get(kept.get(i));
            chars[i] = chars(state.chars);
            tokens[i] = tokens(state.tokens);
            calls[i] = calls(state.calls);
            epsilons[i] = epsilons(state.epsilons);
            isEnd[i] = !isRepeat && ends.get(kept.get(i));
            onlyEnds[i] =
                    !isRepeat
                            && chars[i].length == 0
                            && tokens[i].length == 0
                            && calls[i].length == 0;
            repeats[i] = isRepeat ? Optional.of(repeat(-1 - kept.get(i))) : Optional.empty();
        }
        // Targets mostly have higher numbers than what leads to them.
        for (int i = n - 1; i >= 0; i--) {
            onlyEnds[i] = onlyEnds[i] && leadsToEnds(isEnd[i], epsilons[i], i, onlyEnds);
        }
        return new Rules(
                chars,
                tokens,
                calls,
                epsilons,
                isEnd,
                onlyEnds,
                repeats,
                starts,
                memories(),
                root,
                acceptsEmpty);
    }

    /// Whether a state that nothing but other states follow is an end, or only such ones follow.
    ///
    /// @param onlyEnds known for the states above `state`
    private static boolean leadsToEnds(
            boolean isEnd, int[] targets, int state, boolean[] onlyEnds) {
        for (int target : targets) {
            if (target <= state || !onlyEnds[target]) {
                return false;
            }
        }
        return isEnd || targets.length > 0;
    }

    private Memory[] memories() {
        Memory[] memories = new Memory[order.size()];
        for (int i = 0; i < memories.length; i++) {
            memories[i] = begins.getOrDefault(order.get(i), NoMemory.NONE);
        }
        return memories;
    }

    private CharEdge[] chars(List<CharEdge> edges) {
        if (edges.isEmpty()) {
            return NO_CHARS;
        }
        if (edges.size() == 1) {
            CharEdge edge = edges.getFirst();
            return new CharEdge[] {edge.to(number(edge.target()))};
        }
        Set<CharEdge> distinct = new LinkedHashSet<>();
        edges.forEach(edge -> distinct.add(edge.to(number(edge.target()))));
        return distinct.toArray(CharEdge[]::new);
    }

    private TokenEdge[] tokens(List<TokenEdge> edges) {
        if (edges.isEmpty()) {
            return NO_TOKENS;
        }
        return edges.stream().map(e -> e.to(number(e.target()))).toArray(TokenEdge[]::new);
    }

    private CallEdge[] calls(List<CallEdge> edges) {
        if (edges.isEmpty()) {
            return NO_CALLS;
        }
        if (edges.size() == 1) {
            return new CallEdge[] {numbered(edges.getFirst())};
        }
        Set<CallEdge> distinct = new LinkedHashSet<>();
        edges.forEach(edge -> distinct.add(numbered(edge)));
        return distinct.toArray(CallEdge[]::new);
    }

    private CallEdge numbered(CallEdge edge) {
        return new CallEdge(ruleNumber(edge.rule()), number(edge.target()));
    }

    private int[] epsilons(List<Integer> targets) {
        if (targets.isEmpty()) {
            return NO_STATES;
        }
        return targets.size() == 1
                ? new int[] {number(targets.getFirst())}
                : targets.stream().mapToInt(this::number).distinct().toArray();
    }

    private Repeat repeat(int rule) {
        RawRule raw = rules.get(order.get(rule));
        OptionalInt body =
                raw.body().isPresent()
                        ? OptionalInt.of(ruleNumber(raw.body().getAsInt()))
                        : OptionalInt.empty();
        return new Repeat(rule, body, raw.set(), raw.json(), Math.max(1, raw.min()), raw.max());
    }
}
