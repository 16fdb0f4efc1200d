package dev.sluice.grammar;

import java.util.List;

/// An expression, taken apart: a regular one, or the right side of a rule of EBNF.
sealed interface RegexNode {
    /// One character.
    record Characters(CodePoints set) implements RegexNode {}

    /// One after another.
    record Sequence(List<RegexNode> items) implements RegexNode {
        static final Sequence EMPTY = new Sequence(List.of());
    }

    /// One of several.
    record Choice(List<RegexNode> alternatives) implements RegexNode {}

    /// The same several times.
    ///
    /// @param max or [dev.sluice.grammar.Repeat#UNBOUNDED]
    record Repetition(RegexNode body, int min, int max) implements RegexNode {}

    /// A text of a rule of the grammar that the expression belongs to; in EBNF only.
    record Call(int rule) implements RegexNode {}

    /// A place of the text.
    record Assertion(Place place) implements RegexNode {}

    /// What must, or must not, come from here on.
    record LookAhead(RegexNode body, boolean negative) implements RegexNode {}

    /// Kinds of places.
    enum Place {
        START,
        END,
        WORD_BOUNDARY,
        NO_WORD_BOUNDARY
    }

    /// Whether a place or a look-ahead is in it.
    default boolean hasAssertions() {
        return switch (this) {
            case Characters _, Call _ -> false;
            case Sequence s -> s.items().stream().anyMatch(RegexNode::hasAssertions);
            case Choice c -> c.alternatives().stream().anyMatch(RegexNode::hasAssertions);
            case Repetition r -> r.body().hasAssertions();
            case Assertion _ -> true;
            case LookAhead _ -> true;
        };
    }

    /// Whether a look-ahead is in it.
    default boolean looksAhead() {
        return switch (this) {
            case Characters _, Call _ -> false;
            case Sequence s -> s.items().stream().anyMatch(RegexNode::looksAhead);
            case Choice c -> c.alternatives().stream().anyMatch(RegexNode::looksAhead);
            case Repetition r -> r.body().looksAhead();
            case Assertion _ -> false;
            case LookAhead _ -> true;
        };
    }
}
