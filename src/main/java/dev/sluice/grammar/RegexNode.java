package dev.sluice.grammar;

import java.util.ArrayList;
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
    record Choice(List<RegexNode> alternatives) implements RegexNode {
        /// Matches nothing.
        static final Choice NONE = new Choice(List.of());
    }

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

    /// What is left of it to match from a place on, now that it is known whether that is where the
    /// text begins: `^` is settled wherever nothing comes before it.
    default RegexNode from(boolean start) {
        return switch (this) {
            case Characters _, Call _ -> this;
            case Assertion a -> a.place() != Place.START ? a : start ? Sequence.EMPTY : Choice.NONE;
            case Sequence s -> sequence(s.items(), start);
            case Choice c -> {
                List<RegexNode> left =
                        c.alternatives().stream()
                                .map(alternative -> alternative.from(start))
                                .filter(alternative -> !alternative.equals(Choice.NONE))
                                .toList();
                yield left.size() == 1 ? left.getFirst() : new Choice(left);
            }
            case Repetition r when r.min() == 1 && r.max() == 1 -> r.body().from(start);
            case Repetition r -> r;
            case LookAhead a -> {
                RegexNode body = a.body().from(start);
                boolean fails = body.equals(Choice.NONE);
                yield !fails
                        ? new LookAhead(body, a.negative())
                        : a.negative() ? Sequence.EMPTY : Choice.NONE;
            }
        };
    }

    private static RegexNode sequence(List<RegexNode> items, boolean start) {
        List<RegexNode> left = new ArrayList<>();
        boolean leads = true;
        for (RegexNode item : items) {
            RegexNode one = leads ? item.from(start) : item;
            if (one.equals(Choice.NONE)) {
                return Choice.NONE;
            }
            leads &= item instanceof Assertion || item instanceof LookAhead;
            left.add(one);
        }
        return new Sequence(List.copyOf(left));
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
