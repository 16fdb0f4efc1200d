package dev.sluice.grammar;

import dev.sluice.grammar.GrammarBuilder.RawRule;
import dev.sluice.grammar.GrammarBuilder.RawState;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/// Numbers the states of normalised rules anew and writes them as [Rules].
final class RulesWriter {
    private final List<RawState> states;
    private final List<RawRule> rules;
    private final BitSet ends;
    private final List<Integer> order;
    private final Map<Integer, Integer> numberOfState = new HashMap<>();
    private final Map<Integer, Integer> numberOfRule = new HashMap<>();
    private final List<Integer> kept = new ArrayList<>();

    /// @param order the rules that are needed, in the order of their new numbers
    RulesWriter(List<RawState> states, List<RawRule> rules, BitSet ends, List<Integer> order) {
        this.states = states;
        this.rules = rules;
        this.ends = ends;
        this.order = order;
    }

    Rules write(int root, boolean acceptsEmpty) {
        for (int rule : order) {
            numberOfRule.put(rule, numberOfRule.size());
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
        return numberOfState.computeIfAbsent(
                state,
                s -> {
                    kept.add(s);
                    return kept.size() - 1;
                });
    }

    private int ruleNumber(int rule) {
        return Objects.requireNonNull(numberOfRule.get(rule));
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
            chars[i] =
                    state.chars.stream()
                            .map(e -> e.to(number(e.target())))
                            .distinct()
                            .toArray(CharEdge[]::new);
            tokens[i] =
                    state.tokens.stream()
                            .map(e -> e.to(number(e.target())))
                            .toArray(TokenEdge[]::new);
            calls[i] =
                    state.calls.stream()
                            .map(e -> new CallEdge(ruleNumber(e.rule()), number(e.target())))
                            .distinct()
                            .toArray(CallEdge[]::new);
            epsilons[i] = state.epsilons.stream().mapToInt(this::number).distinct().toArray();
            isEnd[i] = !isRepeat && ends.get(kept.get(i));
            onlyEnds[i] =
                    isEnd[i]
                            && chars[i].length == 0
                            && tokens[i].length == 0
                            && calls[i].length == 0
                            && epsilons[i].length == 0;
            repeats[i] = isRepeat ? Optional.of(repeat(-1 - kept.get(i))) : Optional.empty();
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
                root,
                acceptsEmpty);
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
