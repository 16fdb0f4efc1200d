package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Intersections and unions of [ValueSet]s, and what [Complement]s are made of. Alternatives that
/// can be shown to be impossible are dropped as they arise.
final class ValueAlgebra {
    /// Most alternatives of an object or array.
    private static final int MAX_SHAPES = 400;

    private final Emptiness emptiness;
    private final GrammarBuilder builder;

    ValueAlgebra(Emptiness emptiness, GrammarBuilder builder) {
        this.emptiness = emptiness;
        this.builder = builder;
    }

    ValueSet and(ValueSet a, ValueSet b) throws GrammarException {
        if (a.equals(ValueSet.ANY) || b.equals(ValueSet.NONE)) {
            return b;
        }
        if (b.equals(ValueSet.ANY) || a.equals(ValueSet.NONE)) {
            return a;
        }
        builder.checkTime();
        return new ValueSet(
                a.nulls() && b.nulls(),
                a.booleans() & b.booleans(),
                a.numbers().and(b.numbers()),
                a.strings().and(b.strings()),
                crossedArrays(a.arrays(), b.arrays()),
                crossedObjects(a.objects(), b.objects()));
    }

    private List<ArrayShape> crossedArrays(List<ArrayShape> a, List<ArrayShape> b)
            throws GrammarException {
        if (isOnly(b, ArrayShape.ANY)) {
            return a;
        }
        if (isOnly(a, ArrayShape.ANY)) {
            return b;
        }
        List<ArrayShape> result = new ArrayList<>();
        for (ArrayShape one : a) {
            for (ArrayShape two : b) {
                Optional<ArrayShape> both = one.and(two);
                if (both.isPresent() && !emptiness.isEmpty(both.get())) {
                    add(result, both.get());
                }
            }
        }
        return List.copyOf(result);
    }

    private List<ObjectShape> crossedObjects(List<ObjectShape> a, List<ObjectShape> b)
            throws GrammarException {
        if (isOnly(b, ObjectShape.ANY)) {
            return a;
        }
        if (isOnly(a, ObjectShape.ANY)) {
            return b;
        }
        List<ObjectShape> result = new ArrayList<>();
        for (ObjectShape one : a) {
            for (ObjectShape two : b) {
                Optional<ObjectShape> both = one.and(two);
                if (both.isPresent() && !emptiness.isEmpty(both.get())) {
                    add(result, both.get());
                }
            }
        }
        return List.copyOf(result);
    }

    private static <T> boolean isOnly(List<T> shapes, T any) {
        return shapes.size() == 1 && shapes.getFirst().equals(any);
    }

    private <T> void add(List<T> shapes, T shape) throws GrammarException {
        if (shape instanceof ObjectShape object) {
            for (T other : shapes) {
                if (other instanceof ObjectShape known && object.isWithin(known)) {
                    return;
                }
            }
            shapes.removeIf(other -> other instanceof ObjectShape known && known.isWithin(object));
        } else if (shapes.contains(shape)) {
            return;
        }
        shapes.add(shape);
        if (shapes.size() > MAX_SHAPES) {
            throw GrammarException.unsupported(
                    "a value has more than %d alternatives".formatted(MAX_SHAPES));
        }
        if ((shapes.size() & 0xF) == 0) {
            builder.checkTime();
        }
    }

    ValueSet or(ValueSet a, ValueSet b) throws GrammarException {
        if (a.equals(ValueSet.NONE) || b.equals(ValueSet.ANY)) {
            return b;
        }
        if (b.equals(ValueSet.NONE) || a.equals(ValueSet.ANY)) {
            return a;
        }
        return new ValueSet(
                a.nulls() || b.nulls(),
                a.booleans() | b.booleans(),
                a.numbers().or(b.numbers()),
                a.strings().or(b.strings()),
                joined(a.arrays(), b.arrays(), ArrayShape.ANY),
                joined(a.objects(), b.objects(), ObjectShape.ANY));
    }

    private <T> List<T> joined(List<T> a, List<T> b, T any) throws GrammarException {
        if (b.isEmpty() || isOnly(a, any)) {
            return a;
        }
        if (a.isEmpty() || isOnly(b, any)) {
            return b;
        }
        List<T> result = new ArrayList<>(a);
        for (T shape : b) {
            add(result, shape);
        }
        return List.copyOf(result);
    }

    /// All arrays of none of some shapes.
    List<ArrayShape> otherArrays(List<ArrayShape> shapes) throws GrammarException {
        List<ArrayShape> others = List.of(ArrayShape.ANY);
        for (ArrayShape shape : shapes) {
            others = shape.equals(ArrayShape.ANY) ? List.of() : crossedArrays(others, shape.not());
        }
        return others;
    }

    /// All objects of none of some shapes.
    List<ObjectShape> otherObjects(List<ObjectShape> shapes) throws GrammarException {
        List<ObjectShape> others = List.of(ObjectShape.ANY);
        for (ObjectShape shape : shapes) {
            others =
                    shape.equals(ObjectShape.ANY) ? List.of() : crossedObjects(others, shape.not());
        }
        return others;
    }

    /// The same values, none of whose parts has been looked at.
    ValueSet unevaluated(ValueSet a) {
        return a.withArrays(a.arrays().stream().map(ArrayShape::unevaluated).toList())
                .withObjects(a.objects().stream().map(ObjectShape::unevaluated).toList());
    }

    /// Whether two sets have no value in common, as far as that can be shown.
    boolean areDisjoint(ValueSet a, ValueSet b) throws GrammarException {
        if ((a.nulls() && b.nulls()) || (a.booleans() & b.booleans()) != 0) {
            return false;
        }
        return emptiness.isEmpty(and(a, b));
    }
}
