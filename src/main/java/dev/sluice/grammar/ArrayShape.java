package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A set of arrays. Immutable.
///
/// @param prefix what the first items must be
/// @param rest what all further items must be
/// @param max [Repeat#UNBOUNDED] if there is no limit
/// @param unique whether no two items may be equal
/// @param evaluated how many of the first items a keyword has looked at; [Repeat#UNBOUNDED] for all
/// @param evaluatedIf further items that count as looked at
record ArrayShape(
        List<Term> prefix,
        Term rest,
        int min,
        int max,
        boolean unique,
        List<Contains> contains,
        int evaluated,
        List<Term> evaluatedIf) {
    static final ArrayShape ANY =
            new ArrayShape(
                    List.of(), Term.ANY, 0, Repeat.UNBOUNDED, false, List.of(), 0, List.of());

    /// How many items, from one on, must be of a kind.
    ///
    /// @param max [Repeat#UNBOUNDED] if there is no limit
    record Contains(Term value, int from, int min, int max) {}

    /// A shape without what contradicts itself; empty if no array can have it.
    static Optional<ArrayShape> of(ArrayShape shape) {
        int max = shape.max;
        List<Term> prefix = shape.prefix;
        for (int i = 0; i < prefix.size() && i < max; i++) {
            if (prefix.get(i).isNone()) {
                max = i;
            }
        }
        if (shape.rest.isNone()) {
            max = Math.min(max, prefix.size());
        }
        if (prefix.size() > max) {
            prefix = List.copyOf(prefix.subList(0, max));
        }
        int min = shape.min;
        for (Contains contains : shape.contains) {
            if (contains.min > contains.max || (contains.value.isNone() && contains.min > 0)) {
                return Optional.empty();
            }
            if (contains.min > 0) {
                min = Math.max(min, contains.from + contains.min);
            }
        }
        return min > max
                ? Optional.empty()
                : Optional.of(
                        new ArrayShape(
                                prefix,
                                shape.rest,
                                min,
                                max,
                                shape.unique && max > 1,
                                shape.contains,
                                shape.evaluated,
                                shape.evaluatedIf));
    }

    /// What the item at an index must be.
    Term item(int index) {
        return index < prefix.size() ? prefix.get(index) : rest;
    }

    Optional<ArrayShape> and(ArrayShape other) {
        if (equals(ANY)) {
            return Optional.of(other);
        }
        if (other.equals(ANY) || equals(other)) {
            return Optional.of(this);
        }
        List<Term> both = new ArrayList<>();
        for (int i = 0; i < Math.max(prefix.size(), other.prefix.size()); i++) {
            both.add(item(i).and(other.item(i)));
        }
        int least = Math.max(min, other.min);
        int most = Math.min(max, other.max);
        return of(
                new ArrayShape(
                        List.copyOf(both),
                        rest.and(other.rest),
                        least,
                        most,
                        unique || other.unique,
                        joined(contains, other.contains),
                        Math.max(evaluated, other.evaluated),
                        joined(evaluatedIf, other.evaluatedIf)));
    }

    private static <T> List<T> joined(List<T> a, List<T> b) {
        if (b.isEmpty() || a.equals(b)) {
            return a;
        }
        List<T> all = new ArrayList<>(a);
        b.stream().filter(element -> !a.contains(element)).forEach(all::add);
        return List.copyOf(all);
    }

    /// The same arrays, none of whose items has been looked at.
    ArrayShape unevaluated() {
        return evaluated == 0 && evaluatedIf.isEmpty()
                ? this
                : new ArrayShape(prefix, rest, min, max, unique, contains, 0, List.of());
    }

    /// The arrays of this shape whose items that nothing has looked at are of a kind; afterwards
    /// all have been looked at.
    ///
    /// @param origin in whose place unions stand
    Optional<ArrayShape> whereUnevaluated(Term value, Schema origin) {
        List<Term> allowed = new ArrayList<>(evaluatedIf);
        allowed.add(value);
        Term further = allowed.size() == 1 ? value : Term.anyOf(allowed, origin);
        List<Term> items = new ArrayList<>(prefix);
        while (evaluated != Repeat.UNBOUNDED && items.size() < evaluated) {
            items.add(rest);
        }
        for (int i = evaluated; i < items.size(); i++) {
            items.set(i, items.get(i).and(further));
        }
        Term last = evaluated == Repeat.UNBOUNDED ? rest : rest.and(further);
        return of(
                new ArrayShape(
                        List.copyOf(items),
                        last,
                        min,
                        max,
                        unique,
                        contains,
                        Repeat.UNBOUNDED,
                        List.of()));
    }

    /// The arrays without this shape.
    List<ArrayShape> not() throws GrammarException {
        if (unique) {
            throw GrammarException.unsupported("the contrary of uniqueItems can't be enforced");
        }
        List<ArrayShape> result = new ArrayList<>();
        if (min > 0) {
            of(sized(0, min - 1)).ifPresent(result::add);
        }
        if (max != Repeat.UNBOUNDED) {
            of(sized(max + 1, Repeat.UNBOUNDED)).ifPresent(result::add);
        }
        for (int i = 0; i < prefix.size(); i++) {
            for (Term other : prefix.get(i).not()) {
                List<Term> items = new ArrayList<>();
                for (int k = 0; k < i; k++) {
                    items.add(Term.ANY);
                }
                items.add(other);
                of(new ArrayShape(
                                List.copyOf(items),
                                Term.ANY,
                                i + 1,
                                Repeat.UNBOUNDED,
                                false,
                                List.of(),
                                0,
                                List.of()))
                        .ifPresent(result::add);
            }
        }
        for (Term other : rest.not()) {
            of(containing(new Contains(other, prefix.size(), 1, Repeat.UNBOUNDED)))
                    .ifPresent(result::add);
        }
        for (Contains kind : contains) {
            if (kind.min > 0) {
                of(containing(new Contains(kind.value, kind.from, 0, kind.min - 1)))
                        .ifPresent(result::add);
            }
            if (kind.max != Repeat.UNBOUNDED) {
                of(containing(new Contains(kind.value, kind.from, kind.max + 1, Repeat.UNBOUNDED)))
                        .ifPresent(result::add);
            }
        }
        return result;
    }

    private static ArrayShape sized(int min, int max) {
        return new ArrayShape(List.of(), Term.ANY, min, max, false, List.of(), 0, List.of());
    }

    private static ArrayShape containing(Contains contains) {
        return new ArrayShape(
                List.of(), Term.ANY, 0, Repeat.UNBOUNDED, false, List.of(contains), 0, List.of());
    }
}
