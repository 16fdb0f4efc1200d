package dev.sluice.grammar;

import java.util.Optional;

/// A grammar in the form that [Machine] runs: no rule is empty or begins with itself, and every
/// state leads to the end of its rule. States of rules that it shares with other grammars
/// ([SharedRule]) have negative numbers. Its arrays are shared, not copied: never change them.
final class Rules {
    private static final TokenEdge[] NO_TOKENS = {};
    private static final CallEdge[] NO_CALLS = {};
    private static final int[] NO_STATES = {};

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
    }

    /// How many states there are besides those of shared rules.
    int numStates() {
        return ends.length;
    }

    /// What leaves a state.
    CharEdge[] chars(int state) {
        return state < 0 ? SharedRule.of(state).chars(state) : chars[state];
    }

    /// What leaves a state.
    TokenEdge[] tokens(int state) {
        return state < 0 ? NO_TOKENS : tokens[state];
    }

    /// What leaves a state.
    CallEdge[] calls(int state) {
        return state < 0 ? NO_CALLS : calls[state];
    }

    /// The states to which a state leads without a character.
    int[] epsilons(int state) {
        return state < 0 ? NO_STATES : epsilons[state];
    }

    /// Whether a rule ends in a state.
    boolean ends(int state) {
        return state < 0 ? SharedRule.of(state).ends(state) : ends[state];
    }

    /// Whether a rule ends in a state, or behind it without another character, and can do nothing
    /// else there.
    ///
    /// @param state of no shared rule
    boolean onlyEnds(int state) {
        return onlyEnds[state];
    }

    /// Of the states of repetitions, which have no edges.
    Optional<Repeat> repeats(int state) {
        return state < 0 ? Optional.empty() : repeats[state];
    }

    /// The start of each rule; callers have lower numbers than the rules that they begin with.
    int[] starts() {
        return starts;
    }

    /// What each rule has in mind when it begins.
    Memory[] memories() {
        return memories;
    }

    /// How many keys may follow at least in the state of a rule that reads one, or [KeysLeft#MANY].
    int keysLeft(int state) {
        return keysLeft.length == 0 ? KeysLeft.MANY : keysLeft[state];
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
