package dev.sluice.grammar;

import java.util.Optional;

/// A grammar in the form that [Machine] runs: no rule is empty or begins with itself, and every
/// state leads to the end of its rule. Immutable.
///
/// @param chars what leaves each state
/// @param tokens what leaves each state
/// @param calls what leaves each state
/// @param epsilons what leaves each state
/// @param ends whether a rule ends in a state
/// @param onlyEnds whether a rule ends in a state and nothing leaves it
/// @param repeats of the states of repetitions, which have no edges
/// @param starts the start of each rule; callers have lower numbers than the rules that they begin
///   with
/// @param root the rule of a whole text
/// @param acceptsEmpty whether the empty text belongs to the grammar
record Rules(
        CharEdge[][] chars,
        TokenEdge[][] tokens,
        CallEdge[][] calls,
        int[][] epsilons,
        boolean[] ends,
        boolean[] onlyEnds,
        Optional<Repeat>[] repeats,
        int[] starts,
        int root,
        boolean acceptsEmpty) {

    int numStates() {
        return ends.length;
    }
}
