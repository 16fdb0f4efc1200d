package dev.sluice.grammar;

/// One token of a set leads to a state, whatever its bytes.
///
/// @param ids ascending
record TokenEdge(int[] ids, int target) {
    TokenEdge to(int other) {
        return new TokenEdge(ids, other);
    }
}
