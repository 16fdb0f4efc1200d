package dev.sluice.grammar;

/// How many characters a text may still have: of a rule that is an automaton without calls, whose
/// edges all take one. Such a rule goes on only where it can end in time ([Rules#charsLeft]).
///
/// @param left the most that may follow
record TextLength(int left) implements Memory {
    private static final int BYTES = 16;

    /// One character later.
    TextLength less() {
        return new TextLength(left - 1);
    }

    /// Whether a character may come that leads to a state.
    ///
    /// @param charsLeft the least number of characters that must follow there
    boolean allows(int charsLeft) {
        return charsLeft < left;
    }

    @Override
    public int bytes() {
        return BYTES;
    }
}
