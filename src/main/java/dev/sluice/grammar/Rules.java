package dev.sluice.grammar;

import java.util.Arrays;
import java.util.Optional;

/// A grammar in the form that [Machine] runs: no rule is empty or begins with itself, and every
/// state leads to the end of its rule. Its arrays are shared, not copied: never change them.
final class Rules {
    private static final long BYTES_PER_STATE = 100;
    private static final long BYTES_PER_EDGE = 50;

    private final CharEdge[][] chars;
    private final TokenEdge[][] tokens;
    private final CallEdge[][] calls;
    private final int[][] epsilons;
    private final boolean[] ends;
    private final boolean[] onlyEnds;
    private final Optional<Repeat>[] repeats;
    private final int[] starts;
    private final Memory[] memories;
    private final int[] keysLeft;
    private final int[] charsLeft;
    private final int mostCharsLeft;
    private final int root;
    private final boolean acceptsEmpty;

    Rules(
            CharEdge[][] chars,
            TokenEdge[][] tokens,
            CallEdge[][] calls,
            int[][] epsilons,
            boolean[] ends,
            boolean[] onlyEnds,
            Optional<Repeat>[] repeats,
            int[] starts,
            Memory[] memories,
            int root,
            boolean acceptsEmpty) {
        this.chars = chars;
        this.tokens = tokens;
        this.calls = calls;
        this.epsilons = epsilons;
        this.ends = ends;
        this.onlyEnds = onlyEnds;
        this.repeats = repeats;
        this.starts = starts;
        this.memories = memories;
        this.root = root;
        this.acceptsEmpty = acceptsEmpty;
        this.keysLeft = KeysLeft.count(this);
        this.charsLeft = CharsLeft.count(this);
        this.mostCharsLeft = Arrays.stream(charsLeft).max().orElse(0);
    }

    /// What leaves each state.
    CharEdge[][] chars() {
        return chars;
    }

    /// What leaves each state.
    TokenEdge[][] tokens() {
        return tokens;
    }

    /// What leaves each state.
    CallEdge[][] calls() {
        return calls;
    }

    /// The states that each leads to without a character.
    int[][] epsilons() {
        return epsilons;
    }

    /// Whether a rule ends in a state.
    boolean[] ends() {
        return ends;
    }

    /// Whether a rule ends in a state, or behind it without another character, and can do nothing
    /// else there.
    boolean[] onlyEnds() {
        return onlyEnds;
    }

    /// Of the states of repetitions, which have no edges.
    Optional<Repeat>[] repeats() {
        return repeats;
    }

    /// The start of each rule; callers have lower numbers than the rules that they begin with.
    int[] starts() {
        return starts;
    }

    /// The states of one rule, found from its start, without those of the rules that it calls.
    Visits statesOf(int start) {
        Visits visits = new Visits();
        visits.clear();
        visits.visit(start);
        for (int i = 0; i < visits.size(); i++) {
            for (CharEdge edge : chars[visits.get(i)]) {
                visits.visit(edge.target());
            }
            for (CallEdge edge : calls[visits.get(i)]) {
                visits.visit(edge.target());
            }
            for (int target : epsilons[visits.get(i)]) {
                visits.visit(target);
            }
        }
        return visits;
    }

    /// What each rule has in mind when it begins.
    Memory[] memories() {
        return memories;
    }

    /// How many keys may follow at least in the state of a rule that reads one, or [KeysLeft#MANY].
    int keysLeft(int state) {
        return keysLeft.length == 0 ? KeysLeft.MANY : keysLeft[state];
    }

    /// How many characters must follow at least in the state of a rule with a [TextLength].
    int charsLeft(int state) {
        return charsLeft[state];
    }

    /// The greatest of [#charsLeft].
    int mostCharsLeft() {
        return mostCharsLeft;
    }

    /// Bytes of the heap, about.
    long bytes() {
        long edges = 0;
        for (int state = 0; state < ends.length; state++) {
            edges += chars[state].length + tokens[state].length + calls[state].length;
            edges += epsilons[state].length;
        }
        return BYTES_PER_STATE * ends.length + BYTES_PER_EDGE * edges;
    }

    /// The rule of a whole text.
    int root() {
        return root;
    }

    /// Whether the empty text belongs to the grammar.
    boolean acceptsEmpty() {
        return acceptsEmpty;
    }
}
