package dev.sluice.grammar;

/// A text can't be followed any further within [GrammarLimits]. Ends the one sequence.
public final class GrammarLimitException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    GrammarLimitException(String message) {
        super(message);
    }
}
