package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Counts the readings of a text that a schema's alternatives make: all arrays, or objects, that
/// may stand at one place are followed at the same time, and so are the values in them, until the
/// text tells them apart. Too many can't be followed.
final class Readings {
    /// Places that are looked at in one schema; what lies beyond is only found while a text is
    /// read.
    private static final int MAX_PLACES = 10_000;

    private final SchemaEvaluator evaluator;
    private final int most;
    private final int mostInside;
    private final Set<Set<Term>> seen = new HashSet<>();
    private final Deque<Set<Term>> work = new ArrayDeque<>();

    Readings(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
        this.most = evaluator.builder.limits().maxConfigurations() / 2;
        this.mostInside = most / 2;
    }

    /// Checks the arrays of one place and what is in them.
    ///
    /// @throws GrammarException if they have too many alternatives
    void checkArrays(List<ArrayShape> shapes) throws GrammarException {
        if (shapes.size() > 1) {
            check(most, shapes.size(), "an array has %,d alternatives".formatted(shapes.size()));
            enter(shapes);
            checkInside();
        }
    }

    /// Checks the objects of one place and what is in them.
    ///
    /// @throws GrammarException if they have too many alternatives
    void checkObjects(List<ObjectShape> shapes) throws GrammarException {
        if (shapes.size() > 1) {
            int keys = keys(shapes);
            check(
                    most,
                    keys,
                    "an object has %,d alternatives with %,d keys".formatted(shapes.size(), keys));
            enterObjects(shapes);
            checkInside();
        }
    }

    private static int keys(List<ObjectShape> shapes) {
        int keys = 0;
        for (ObjectShape shape : shapes) {
            keys += 1 + shape.members().size();
        }
        return keys;
    }

    private void check(int limit, int number, String what) throws GrammarException {
        if (number > limit) {
            work.clear();
            throw GrammarException.unsupported(what + ", which are too many");
        }
    }

    private void enter(Iterable<ArrayShape> shapes) {
        int places = 0;
        for (ArrayShape shape : shapes) {
            places = Math.max(places, 1 + shape.prefix().size());
        }
        for (int i = 0; i < places; i++) {
            Set<Term> items = new LinkedHashSet<>();
            for (ArrayShape shape : shapes) {
                if (shape.max() > i) {
                    items.add(shape.item(i));
                }
            }
            enter(items);
        }
    }

    private void enterObjects(Iterable<ObjectShape> shapes) {
        Set<String> names = new LinkedHashSet<>();
        Set<Term> others = new LinkedHashSet<>();
        for (ObjectShape shape : shapes) {
            shape.members().forEach(member -> names.add(member.name()));
            shape.regions().forEach(region -> others.add(region.value()));
        }
        enter(others);
        for (String name : names) {
            Set<Term> values = new LinkedHashSet<>();
            for (ObjectShape shape : shapes) {
                values.add(value(shape, name));
            }
            enter(values);
        }
    }

    private static Term value(ObjectShape shape, String name) {
        for (ObjectShape.Member member : shape.members()) {
            if (member.name().equals(name)) {
                return member.value();
            }
        }
        return shape.other(name);
    }

    /// Values that may stand at one place; a place of one term is looked at where that is written.
    private void enter(Set<Term> values) {
        if (values.size() > 1 && seen.size() < MAX_PLACES && seen.add(values)) {
            work.add(values);
        }
    }

    private void checkInside() throws GrammarException {
        while (!work.isEmpty()) {
            Set<Term> place = work.remove();
            evaluator.builder.checkTime();
            Set<ArrayShape> arrays = new LinkedHashSet<>();
            Set<ObjectShape> objects = new LinkedHashSet<>();
            Set<StringSet> strings = new HashSet<>();
            Set<NumberSet> numbers = new HashSet<>();
            for (Term term : place) {
                ValueSet set = evaluator.values(term);
                arrays.addAll(set.arrays());
                objects.addAll(set.objects());
                strings.add(set.strings());
                numbers.add(set.numbers());
            }
            checkInside(arrays.size(), "kinds of arrays");
            checkInside(objects.size(), "kinds of objects");
            checkInside(Math.max(pieces(strings), numbers.size()), "kinds of strings or numbers");
            enter(List.copyOf(arrays));
            enterObjects(new ArrayList<>(objects));
        }
    }

    private void checkInside(int number, String what) throws GrammarException {
        check(mostInside, number, "alternatives have %,d %s in them".formatted(number, what));
    }

    private static int pieces(Set<StringSet> sets) {
        return sets.stream().mapToInt(set -> set.pieces().size()).sum();
    }
}
