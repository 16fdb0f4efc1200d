package dev.sluice.grammar;

/// A text of another rule leads to a state.
record CallEdge(int rule, int target) {
    CallEdge to(int other) {
        return new CallEdge(rule, other);
    }
}
