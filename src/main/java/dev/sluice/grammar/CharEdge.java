package dev.sluice.grammar;

/// One character of a set leads to a state.
///
/// @param json whether the character is written as in a JSON string: raw or with any of its escapes
record CharEdge(CodePoints set, boolean json, int target) {
    CharEdge to(int other) {
        return new CharEdge(set, json, other);
    }
}
