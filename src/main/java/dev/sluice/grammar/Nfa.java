package dev.sluice.grammar;

import dev.sluice.grammar.RegexNode.Assertion;
import dev.sluice.grammar.RegexNode.Call;
import dev.sluice.grammar.RegexNode.Characters;
import dev.sluice.grammar.RegexNode.Choice;
import dev.sluice.grammar.RegexNode.LookAhead;
import dev.sluice.grammar.RegexNode.Place;
import dev.sluice.grammar.RegexNode.Repetition;
import dev.sluice.grammar.RegexNode.Sequence;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A nondeterministic automaton over characters on its way to a [TextLanguage]. Edges without a
/// character may ask for a place: the start or end of the text, or a word boundary.
///
/// @see "Thompson 1968, Regular expression search algorithm"
final class Nfa {
    private static final int MAX_STATES = 200_000;

    private final List<List<Edge>> edges = new ArrayList<>();
    private final List<List<Jump>> jumps = new ArrayList<>();
    private boolean hasWordBoundaries;

    private record Edge(CodePoints set, int target) {}

    /// An edge without a character.
    private record Jump(Condition condition, int target) {}

    private enum Condition {
        NONE,
        START,
        END,
        WORD_BOUNDARY,
        NO_WORD_BOUNDARY
    }

    /// What comes before or behind a place.
    private enum Side {
        NOTHING,
        WORD,
        OTHER
    }

    int state() throws GrammarException {
        if (edges.size() >= MAX_STATES) {
            throw TextLanguage.tooLarge();
        }
        edges.add(new ArrayList<>(1));
        jumps.add(new ArrayList<>(1));
        return edges.size() - 1;
    }

    void edge(int from, CodePoints set, int to) {
        if (!set.isEmpty()) {
            edges.get(from).add(new Edge(set, to));
        }
    }

    void jump(int from, int to) {
        jumps.get(from).add(new Jump(Condition.NONE, to));
    }

    /// Adds a regular expression without look-ahead between two states.
    void add(RegexNode node, int from, int to) throws GrammarException {
        switch (node) {
            case Characters c -> edge(from, c.set(), to);
            case Sequence s -> {
                int at = from;
                for (RegexNode item : s.items()) {
                    int next = state();
                    add(item, at, next);
                    at = next;
                }
                jump(at, to);
            }
            case Choice c -> {
                for (RegexNode alternative : c.alternatives()) {
                    add(alternative, from, to);
                }
            }
            case Repetition r -> {
                int at = state();
                jump(from, at);
                int limit = r.max() == Repeat.UNBOUNDED ? r.min() : r.max();
                for (int i = 0; i < limit; i++) {
                    if (i >= r.min()) {
                        jump(at, to);
                    }
                    int next = state();
                    add(r.body(), at, next);
                    at = next;
                }
                if (r.max() == Repeat.UNBOUNDED) {
                    int back = state();
                    jump(at, back);
                    add(r.body(), back, back);
                    at = back;
                }
                jump(at, to);
            }
            case Assertion a -> add(a.place(), from, to);
            case LookAhead _, Call _ ->
                    throw new IllegalArgumentException("no automaton can do that: " + node);
        }
    }

    private void add(Place place, int from, int to) {
        Condition condition =
                switch (place) {
                    case START -> Condition.START;
                    case END -> Condition.END;
                    case WORD_BOUNDARY -> Condition.WORD_BOUNDARY;
                    case NO_WORD_BOUNDARY -> Condition.NO_WORD_BOUNDARY;
                };
        hasWordBoundaries |=
                condition == Condition.WORD_BOUNDARY || condition == Condition.NO_WORD_BOUNDARY;
        jumps.get(from).add(new Jump(condition, to));
    }

    /// Adds a language between two states.
    void add(TextLanguage language, int from, int to) throws GrammarException {
        int first = edges.size();
        for (int i = 0; i < language.numStates(); i++) {
            state();
        }
        for (int i = 0; i < language.numStates(); i++) {
            int state = first + i;
            language.forEachEdge(i, (set, target) -> edge(state, set, first + target));
            if (language.accepts(i)) {
                jump(state, to);
            }
        }
        jump(from, first);
    }

    /// States before their conditions are looked at, and what comes before them.
    private record Subset(BitSet states, Side before) {}

    /// Makes it deterministic.
    TextLanguage language(int start, int end) throws GrammarException {
        return new Determiniser(start, end).run();
    }

    private final class Determiniser {
        private final int start;
        private final int end;
        private final Map<Subset, Integer> numbers = new HashMap<>();
        private final List<Subset> subsets = new ArrayList<>();

        Determiniser(int start, int end) {
            this.start = start;
            this.end = end;
        }

        TextLanguage run() throws GrammarException {
            BitSet first = new BitSet();
            first.set(start);
            number(new Subset(first, Side.NOTHING));
            TextLanguage.Builder builder = new TextLanguage.Builder();
            for (int i = 0; i < subsets.size(); i++) {
                Subset subset = subsets.get(i);
                builder.state(closure(subset, Side.NOTHING).get(end));
                if (hasWordBoundaries) {
                    expand(builder, i, subset, Side.WORD, RegexClasses.WORD);
                    expand(builder, i, subset, Side.OTHER, RegexClasses.WORD.complement());
                } else {
                    expand(builder, i, subset, Side.OTHER, CodePoints.ANY);
                }
            }
            return builder.build();
        }

        private int number(Subset subset) throws GrammarException {
            Integer known = numbers.get(subset);
            if (known != null) {
                return known;
            }
            TextLanguage.checkSize(subsets.size());
            numbers.put(subset, subsets.size());
            subsets.add(subset);
            return subsets.size() - 1;
        }

        private BitSet closure(Subset subset, Side behind) {
            BitSet closed = new BitSet();
            List<Integer> work = new ArrayList<>();
            subset.states().stream().forEach(s -> visit(s, closed, work));
            for (int i = 0; i < work.size(); i++) {
                for (Jump jump : jumps.get(work.get(i))) {
                    if (holds(jump.condition(), subset.before(), behind)) {
                        visit(jump.target(), closed, work);
                    }
                }
            }
            return closed;
        }

        private static void visit(int state, BitSet closed, List<Integer> work) {
            if (!closed.get(state)) {
                closed.set(state);
                work.add(state);
            }
        }

        private static boolean holds(Condition condition, Side before, Side behind) {
            boolean isBoundary = (before == Side.WORD) != (behind == Side.WORD);
            return switch (condition) {
                case NONE -> true;
                case START -> before == Side.NOTHING;
                case END -> behind == Side.NOTHING;
                case WORD_BOUNDARY -> isBoundary;
                case NO_WORD_BOUNDARY -> !isBoundary;
            };
        }

        /// Adds the edges of all characters of one side.
        private void expand(
                TextLanguage.Builder builder, int from, Subset subset, Side side, CodePoints all)
                throws GrammarException {
            BitSet closed = closure(subset, side);
            List<Edge> out = new ArrayList<>();
            closed.stream().forEach(s -> out.addAll(edges.get(s)));
            int[] borders = borders(out, all);
            for (int i = 0; i + 1 < borders.length; i++) {
                int first = borders[i];
                if (!all.contains(first)) {
                    continue;
                }
                BitSet targets = new BitSet();
                for (Edge edge : out) {
                    if (edge.set().contains(first)) {
                        targets.set(edge.target());
                    }
                }
                if (!targets.isEmpty()) {
                    int target = number(new Subset(targets, hasWordBoundaries ? side : Side.OTHER));
                    builder.edge(from, first, borders[i + 1] - 1, target);
                }
            }
        }

        /// Where the answer of some set changes, ascending.
        private static int[] borders(List<Edge> out, CodePoints all) {
            java.util.stream.IntStream.Builder borders = java.util.stream.IntStream.builder();
            for (Edge edge : out) {
                addBorders(edge.set(), borders);
            }
            addBorders(all, borders);
            return borders.build().sorted().distinct().toArray();
        }

        private static void addBorders(CodePoints set, java.util.stream.IntStream.Builder borders) {
            int[] ranges = set.ranges();
            for (int i = 0; i < ranges.length; i += 2) {
                borders.add(ranges[i]).add(ranges[i + 1] + 1);
            }
        }
    }

    /// The language of texts in which a regular expression without look-ahead matches somewhere.
    static TextLanguage search(RegexNode node) throws GrammarException {
        Nfa nfa = new Nfa();
        int start = nfa.state();
        int from = nfa.state();
        int to = nfa.state();
        int end = nfa.state();
        nfa.jump(start, from);
        nfa.edge(start, CodePoints.ANY, start);
        nfa.add(node, from, to);
        nfa.jump(to, end);
        nfa.edge(end, CodePoints.ANY, end);
        return nfa.language(start, end);
    }

    /// The language of texts that a regular expression without look-ahead matches whole.
    static TextLanguage match(RegexNode node) throws GrammarException {
        Nfa nfa = new Nfa();
        int start = nfa.state();
        int end = nfa.state();
        nfa.add(node, start, end);
        return nfa.language(start, end);
    }
}
