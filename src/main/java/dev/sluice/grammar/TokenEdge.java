package dev.sluice.grammar;

/// One token of a set leads to a state, whatever its bytes.
final class TokenEdge {
    private final int[] ids;
    private final int target;

    TokenEdge(int[] ids, int target) {
        this.ids = ids;
        this.target = target;
    }

    /// Ascending.
    int[] ids() {
        return ids;
    }

    int target() {
        return target;
    }

    TokenEdge to(int other) {
        return new TokenEdge(ids, other);
    }
}
