package dev.sluice.grammar;

/// A grammar that can't be followed: malformed, asking for what can't be enforced, or past a limit.
/// The message is a sentence for whoever wrote the grammar.
public final class GrammarException extends Exception {
    private static final long serialVersionUID = 1L;

    /// What is wrong, for callers that treat the kinds differently.
    public enum Kind {
        /// It does not follow the syntax.
        MALFORMED,
        /// It is well-formed but uses what can't be enforced exactly.
        UNSUPPORTED,
        /// It is larger or more ambiguous than [GrammarLimits] allows.
        TOO_LARGE
    }

    private final Kind kind;

    /// Describes a failure.
    public GrammarException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /// Which kind of failure it is.
    public Kind kind() {
        return kind;
    }

    static GrammarException malformed(String message) {
        return new GrammarException(Kind.MALFORMED, message);
    }

    static GrammarException unsupported(String message) {
        return new GrammarException(Kind.UNSUPPORTED, message);
    }

    static GrammarException tooLarge(String message) {
        return new GrammarException(Kind.TOO_LARGE, message);
    }
}
