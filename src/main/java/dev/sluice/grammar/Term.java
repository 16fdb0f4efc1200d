package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The values that all of some schemas allow, or do not allow: what may stand at one place of a
/// document. A name for a set of values that may be recursive. Immutable.
record Term(List<Literal> literals) {
    static final Term ANY = new Term(List.of());

    /// No values at all.
    static final Term NONE = new Term(List.of(Literal.NEVER));

    /// A schema, or its complement.
    ///
    /// @param schema empty in [#NEVER] alone
    record Literal(Optional<Schema> schema, boolean positive) {
        private static final Literal NEVER = new Literal(Optional.empty(), true);

        Schema one() {
            return schema.orElseThrow();
        }

        Literal not() {
            return new Literal(schema, !positive);
        }
    }

    static Term of(Schema schema) {
        return of(new Literal(Optional.of(schema), true));
    }

    static Term of(Literal literal) {
        Schema schema = literal.one();
        if (literal.positive() ? schema.isTrue() : schema.isFalse()) {
            return ANY;
        }
        if (literal.positive() ? schema.isFalse() : schema.isTrue()) {
            return NONE;
        }
        return new Term(List.of(literal));
    }

    boolean isAny() {
        return literals.isEmpty();
    }

    boolean isNone() {
        return literals.size() == 1 && literals.getFirst().schema().isEmpty();
    }

    Term and(Term other) {
        if (isAny() || other.isNone() || equals(other)) {
            return other;
        }
        if (other.isAny() || isNone()) {
            return this;
        }
        List<Literal> all = new ArrayList<>(literals);
        for (Literal literal : other.literals) {
            if (all.contains(literal.not())) {
                return NONE;
            }
            if (!all.contains(literal)) {
                all.add(literal);
            }
        }
        return all.size() == literals.size() ? this : new Term(List.copyOf(all));
    }

    /// Whether this plainly allows nothing that another term does not.
    boolean isWithin(Term other) {
        return isNone() || literals.containsAll(other.literals);
    }

    /// The terms that together allow what this does not.
    List<Term> not() {
        if (isNone()) {
            return List.of(ANY);
        }
        List<Term> result = new ArrayList<>();
        for (Literal literal : literals) {
            Term without = of(literal.not());
            if (!without.isNone()) {
                result.add(without);
            }
        }
        return result;
    }

    /// The same as [#not] in one term.
    Term complement() {
        List<Term> without = not();
        return switch (without.size()) {
            case 0 -> NONE;
            case 1 -> without.getFirst();
            default -> anyOf(without, literals.getFirst().one());
        };
    }

    /// What any of some terms allows.
    ///
    /// @param origin in whose place it stands
    static Term anyOf(List<Term> terms, Schema origin) {
        return terms.contains(ANY) ? ANY : of(new Schema(terms, origin));
    }
}
