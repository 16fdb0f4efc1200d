package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A regular set of texts, as the least deterministic automaton over characters. Immutable.
///
/// Operations fail with [GrammarException.Kind#TOO_LARGE] where the automaton would have more than
/// [#MAX_STATES] states.
final class TextLanguage {
    static final int MAX_STATES = 100_000;

    private static final int MANY_STATES = 1_000;

    /// So many take little time.
    private static final int SOME_STATES = 500;

    static final int DEAD = -1;
    private static final TextLanguage ANY =
            new TextLanguage(new int[][] {toEdges(CodePoints.ANY, 0)}, new boolean[] {true});

    /// First, last and target of each edge of each state, ascending, not overlapping.
    private final int[][] edges;

    private final boolean[] accepts;

    /// The edges of each state by where they lead, once asked for.
    private volatile @Nullable List<List<Edge>> byTarget;

    /// Null as long as nobody has asked.
    private volatile @Nullable NamePlaces namePlaces;

    private final TextSizes sizes;

    /// 0 as long as nobody has asked.
    private int hash;

    private record Edge(CodePoints set, int target) {}

    private record Begun(int state, String text) {}

    private TextLanguage(int[][] edges, boolean[] accepts) {
        this.edges = edges;
        this.accepts = accepts;
        this.sizes = new TextSizes(edges, accepts);
    }

    static GrammarException tooLarge() {
        return GrammarException.tooLarge("an automaton for the texts of the grammar is too large");
    }

    static void checkSize(int states) throws GrammarException {
        if (states >= MAX_STATES) {
            throw tooLarge();
        }
        if (states % SOME_STATES == SOME_STATES - 1) {
            CompileTime.check();
        }
    }

    /// All texts.
    static TextLanguage any() {
        return ANY;
    }

    /// No text.
    static TextLanguage none() {
        return new TextLanguage(new int[][] {{}}, new boolean[] {false});
    }

    /// One text.
    static TextLanguage of(String text) throws GrammarException {
        return of(List.of(text));
    }

    /// Some texts.
    static TextLanguage of(Collection<String> texts) throws GrammarException {
        Builder builder = new Builder();
        builder.state(false);
        List<Map<Integer, Integer>> children = new ArrayList<>();
        children.add(new HashMap<>());
        for (String text : texts) {
            int at = 0;
            for (int c : text.codePoints().toArray()) {
                Integer next = children.get(at).get(c);
                if (next == null) {
                    checkSize(children.size() / 10);
                    next = children.size();
                    children.get(at).put(c, next);
                    children.add(new HashMap<>());
                    builder.state(false);
                    builder.edge(at, c, c, next);
                }
                at = next;
            }
            builder.accept(at);
        }
        return builder.build();
    }

    /// Texts of one character.
    static TextLanguage characters(CodePoints set) {
        return set.isEmpty()
                ? none()
                : new TextLanguage(new int[][] {toEdges(set, 1), {}}, new boolean[] {false, true});
    }

    /// Texts of `min` to `max` characters.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    static TextLanguage ofLength(int min, int max) throws GrammarException {
        return any(CodePoints.ANY, min, max);
    }

    /// Texts of `min` to `max` characters of a set.
    static TextLanguage any(CodePoints set, int min, int max) throws GrammarException {
        if (set.isEmpty()) {
            return min == 0 ? of("") : none();
        }
        int states = (max == Repeat.UNBOUNDED ? min : max) + 1;
        checkSize(states);
        int[][] edges = new int[states][];
        boolean[] accepts = new boolean[states];
        for (int i = 0; i < states; i++) {
            boolean isLast = i == states - 1;
            boolean stays = isLast && max == Repeat.UNBOUNDED;
            edges[i] = isLast && !stays ? new int[0] : toEdges(set, stays ? i : i + 1);
            accepts[i] = i >= min;
        }
        return new TextLanguage(edges, accepts);
    }

    /// The texts that a regular expression matches.
    static TextLanguage regex(String pattern, RegexDialect dialect, GrammarLimits limits)
            throws GrammarException {
        return Regex.parse(pattern, dialect, limits).language();
    }

    private static int[] toEdges(CodePoints set, int target) {
        int[] ranges = set.ranges();
        int[] edges = new int[ranges.length / 2 * 3];
        for (int i = 0, k = 0; i < ranges.length; i += 2) {
            edges[k++] = ranges[i];
            edges[k++] = ranges[i + 1];
            edges[k++] = target;
        }
        return edges;
    }

    int numStates() {
        return edges.length;
    }

    /// First, last and target of each edge of a state, ascending, not overlapping; not to be
    /// changed.
    int[] edges(int state) {
        return edges[state];
    }

    boolean accepts(int state) {
        return accepts[state];
    }

    /// Takes all edges of a state that lead to the same one.
    interface EdgeVisitor {
        void visit(CodePoints set, int target);
    }

    void forEachEdge(int state, EdgeVisitor visitor) {
        List<List<Edge>> all = byTarget;
        if (all == null) {
            all = Arrays.stream(edges).map(TextLanguage::byTarget).toList();
            byTarget = all;
        }
        for (Edge edge : all.get(state)) {
            visitor.visit(edge.set(), edge.target());
        }
    }

    private static List<Edge> byTarget(int[] out) {
        if (out.length == 3) {
            CodePoints set = out[0] == out[1] ? CodePoints.of(out[0]) : range(out);
            return List.of(new Edge(set, out[2]));
        }
        Map<Integer, List<Integer>> ranges = new TreeMap<>();
        for (int i = 0; i < out.length; i += 3) {
            List<Integer> to = ranges.computeIfAbsent(out[i + 2], _ -> new ArrayList<>());
            to.add(out[i]);
            to.add(out[i + 1]);
        }
        List<Edge> found = new ArrayList<>();
        ranges.forEach((target, ends) ->
                found.add(
                        new Edge(
                                CodePoints.ofRanges(
                                        ends.stream().mapToInt(Integer::intValue).toArray()),
                                target)));
        return List.copyOf(found);
    }

    private static CodePoints range(int[] out) {
        return CodePoints.range(out[0], out[1]);
    }

    /// The state behind a character, or [#DEAD].
    int next(int state, int codePoint) {
        if (state == DEAD) {
            return DEAD;
        }
        int[] out = edges[state];
        int low = 0;
        int high = out.length / 3;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (out[3 * middle + 1] < codePoint) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return 3 * low < out.length && out[3 * low] <= codePoint ? out[3 * low + 2] : DEAD;
    }

    boolean contains(String text) {
        int state = 0;
        for (int c : text.codePoints().toArray()) {
            state = next(state, c);
            if (state == DEAD) {
                return false;
            }
        }
        return accepts[state];
    }

    boolean isEmpty() {
        // Dead ends are never kept.
        return !accepts[0] && edges[0].length == 0;
    }

    /// Whether some text has a character of a set.
    boolean mayHold(CodePoints set) {
        for (int[] out : edges) {
            for (int i = 0; i < out.length; i += 3) {
                if (set.overlaps(CodePoints.range(out[i], out[i + 1]))) {
                    return true;
                }
            }
        }
        return false;
    }

    /// Whether it is all texts.
    boolean isAny() {
        return equals(ANY);
    }

    TextLanguage and(TextLanguage other) throws GrammarException {
        if (isLarge() || other.isLarge()) {
            if (isWithin(other)) {
                return this;
            }
            if (other.isWithin(this)) {
                return other;
            }
        }
        return new LanguageProduct(this, other).where((a, b) -> a && b);
    }

    /// Whether it pays to look before an automaton is made of this.
    private boolean isLarge() {
        return edges.length >= MANY_STATES;
    }

    TextLanguage or(TextLanguage other) throws GrammarException {
        return new LanguageProduct(this, other).where((a, b) -> a || b);
    }

    TextLanguage minus(TextLanguage other) throws GrammarException {
        return new LanguageProduct(this, other).where((a, b) -> a && !b);
    }

    /// All texts that do not belong to this.
    TextLanguage not() throws GrammarException {
        return any().minus(this);
    }

    boolean intersects(TextLanguage other) throws GrammarException {
        return !and(other).isEmpty();
    }

    /// Whether all texts belong to another language.
    boolean isWithin(TextLanguage other) throws GrammarException {
        return new LanguageProduct(this, other).isWithin();
    }

    /// A text of this, then one of the other.
    TextLanguage then(TextLanguage other) throws GrammarException {
        if (goesOnNowhere()) {
            return followedBy(other);
        }
        Nfa nfa = new Nfa();
        int start = nfa.state();
        int middle = nfa.state();
        int end = nfa.state();
        nfa.add(this, start, middle);
        nfa.add(other, middle, end);
        return nfa.language(start, end);
    }

    /// Whether no text is the beginning of another.
    private boolean goesOnNowhere() {
        for (int i = 0; i < edges.length; i++) {
            if (accepts[i] && edges[i].length > 0) {
                return false;
            }
        }
        return true;
    }

    /// What follows a language that goes on nowhere needs no determination: it begins in its ends.
    private TextLanguage followedBy(TextLanguage other) throws GrammarException {
        int count = edges.length;
        int[][] all = new int[count + other.edges.length][];
        boolean[] accept = new boolean[all.length];
        System.arraycopy(other.accepts, 0, accept, count, other.accepts.length);
        for (int i = 0; i < all.length; i++) {
            boolean first = i < count;
            int[] out = (first ? edges[i] : other.edges[i - count]).clone();
            for (int k = 2; k < out.length; k += 3) {
                out[k] = first && !accepts[out[k]] ? out[k] : count + (first ? 0 : out[k]);
            }
            all[i] = out;
        }
        return accepts[0] ? other : new Minimiser(all, accept).run();
    }

    /// Texts of this, one after another.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    TextLanguage repeat(int min, int max) throws GrammarException {
        Nfa nfa = new Nfa();
        int start = nfa.state();
        int end = nfa.state();
        int at = start;
        int limit = max == Repeat.UNBOUNDED ? min : max;
        for (int i = 0; i < limit; i++) {
            if (i >= min) {
                nfa.jump(at, end);
            }
            int next = nfa.state();
            nfa.add(this, at, next);
            at = next;
        }
        if (max == Repeat.UNBOUNDED) {
            int back = nfa.state();
            nfa.jump(at, back);
            nfa.add(this, back, back);
            at = back;
        }
        nfa.jump(at, end);
        return nfa.language(start, end);
    }

    /// How long the texts are, and how many.
    TextSizes sizes() {
        return sizes;
    }

    /// What host names need that are texts of this.
    ///
    /// @return of which nothing may be asked that it remembers
    NamePlaces namePlaces() throws GrammarException {
        NamePlaces known = namePlaces;
        if (known == null) {
            CompileTime.check();
            known = new NamePlaces(NameAutomaton.of(this));
            namePlaces = known;
        }
        return known;
    }

    /// Adds this as a rule of a grammar.
    ///
    /// @param json whether its characters are written as in a JSON string
    /// @return the rule's number
    int rule(GrammarBuilder builder, boolean json) throws GrammarException {
        int end = builder.state();
        return builder.rule(write(builder, json, end), end);
    }

    /// Adds this to a rule of a grammar.
    ///
    /// @param json as in [#rule]
    /// @param end the state behind it
    /// @return the state before it
    int write(GrammarBuilder builder, boolean json, int end) throws GrammarException {
        int[] states = new int[edges.length];
        for (int i = 0; i < states.length; i++) {
            states[i] = builder.state();
        }
        for (int i = 0; i < states.length; i++) {
            int from = states[i];
            forEachEdge(i, (set, target) -> builder.chars(from, set, json, states[target]));
            if (accepts[i]) {
                builder.epsilon(from, end);
            }
        }
        return states[0];
    }

    /// The texts, if there are no more than so many.
    Optional<List<String>> texts(int most) {
        List<String> texts = new ArrayList<>();
        Deque<Begun> work = new ArrayDeque<>();
        work.add(new Begun(0, ""));
        if (isEmpty()) {
            return Optional.of(texts);
        }
        // From every state some text can be completed.
        while (sizes.isFinite() && !work.isEmpty() && texts.size() + work.size() <= most) {
            Begun at = work.removeLast();
            if (accepts[at.state()]) {
                texts.add(at.text());
            }
            int[] out = edges[at.state()];
            for (int i = out.length - 3; i >= 0 && work.size() <= most; i -= 3) {
                for (int c = out[i + 1]; c >= out[i] && work.size() <= most; c--) {
                    work.add(new Begun(out[i + 2], at.text() + Character.toString(c)));
                }
            }
        }
        return work.isEmpty() && texts.size() <= most ? Optional.of(texts) : Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
        // Least automata whose states are numbered in the order of their edges are equal if the
        // languages are.
        return this == other
                || (other instanceof TextLanguage language
                        && hashCode() == language.hashCode()
                        && Arrays.equals(accepts, language.accepts)
                        && Arrays.deepEquals(edges, language.edges));
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = 31 * Arrays.hashCode(accepts) + Arrays.deepHashCode(edges);
        }
        return hash;
    }

    /// An automaton on its way: state 0 is the start.
    static final class Builder {
        private final List<List<int[]>> edges = new ArrayList<>();
        private final List<Boolean> accepts = new ArrayList<>();

        void state(boolean accept) {
            edges.add(new ArrayList<>());
            accepts.add(accept);
        }

        void accept(int state) {
            accepts.set(state, true);
        }

        /// Edges of one state must not overlap.
        void edge(int from, int first, int last, int target) {
            edges.get(from).add(new int[] {first, last, target});
        }

        /// The least automaton.
        TextLanguage build() throws GrammarException {
            int[][] all = new int[edges.size()][];
            boolean[] accept = new boolean[all.length];
            for (int i = 0; i < all.length; i++) {
                accept[i] = accepts.get(i);
                all[i] = flat(edges.get(i));
            }
            return new Minimiser(all, accept).run();
        }

        private static int[] flat(List<int[]> out) {
            out.sort((a, b) -> Integer.compare(a[0], b[0]));
            int[] flat = new int[out.size() * 3];
            int n = 0;
            for (int[] edge : out) {
                boolean continues = n > 0 && flat[n - 1] == edge[2] && isNext(flat[n - 2], edge[0]);
                if (continues) {
                    flat[n - 2] = edge[1];
                } else {
                    flat[n++] = edge[0];
                    flat[n++] = edge[1];
                    flat[n++] = edge[2];
                }
            }
            return Arrays.copyOf(flat, n);
        }

        private static boolean isNext(int last, int first) {
            return last + 1 == first;
        }
    }

    static TextLanguage ofLeast(int[][] edges, boolean[] accepts) {
        return new TextLanguage(edges, accepts);
    }
}
