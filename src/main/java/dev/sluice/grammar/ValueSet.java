package dev.sluice.grammar;

import java.util.List;

/// A set of JSON values, by type. Arrays and objects are unions of shapes, whose elements are named
/// by [Term]s and not looked into. Immutable.
///
/// @param nulls whether null belongs
/// @param booleans bit 0: false, bit 1: true
record ValueSet(
        boolean nulls,
        int booleans,
        NumberSet numbers,
        StringSet strings,
        List<ArrayShape> arrays,
        List<ObjectShape> objects) {
    static final int FALSE = 1;
    static final int TRUE = 2;

    static final ValueSet ANY =
            new ValueSet(
                    true,
                    FALSE | TRUE,
                    NumberSet.all(),
                    StringSet.ALL,
                    List.of(ArrayShape.ANY),
                    List.of(ObjectShape.ANY));

    static final ValueSet NONE =
            new ValueSet(false, 0, NumberSet.none(), StringSet.NONE, List.of(), List.of());

    static ValueSet nullValue() {
        return new ValueSet(true, 0, NumberSet.none(), StringSet.NONE, List.of(), List.of());
    }

    static ValueSet ofBooleans(int booleans) {
        return new ValueSet(
                false, booleans, NumberSet.none(), StringSet.NONE, List.of(), List.of());
    }

    static ValueSet of(NumberSet numbers) {
        return new ValueSet(false, 0, numbers, StringSet.NONE, List.of(), List.of());
    }

    static ValueSet of(StringSet strings) {
        return new ValueSet(false, 0, NumberSet.none(), strings, List.of(), List.of());
    }

    static ValueSet of(ArrayShape shape) {
        return new ValueSet(false, 0, NumberSet.none(), StringSet.NONE, List.of(shape), List.of());
    }

    static ValueSet of(ObjectShape shape) {
        return new ValueSet(false, 0, NumberSet.none(), StringSet.NONE, List.of(), List.of(shape));
    }

    /// The values that are of a type of which some value is in another set. What is left out need
    /// not be found, let alone its complement.
    ValueSet ofTypesIn(ValueSet other) {
        return new ValueSet(
                nulls && other.nulls,
                other.booleans == 0 ? 0 : booleans,
                other.numbers.equals(NumberSet.none()) ? NumberSet.none() : numbers,
                other.strings.equals(StringSet.NONE) ? StringSet.NONE : strings,
                other.arrays.isEmpty() ? List.of() : arrays,
                other.objects.isEmpty() ? List.of() : objects);
    }

    ValueSet withStrings(StringSet other) {
        return new ValueSet(nulls, booleans, numbers, other, arrays, objects);
    }

    ValueSet withArrays(List<ArrayShape> shapes) {
        return new ValueSet(nulls, booleans, numbers, strings, shapes, objects);
    }

    ValueSet withObjects(List<ObjectShape> shapes) {
        return new ValueSet(nulls, booleans, numbers, strings, arrays, shapes);
    }
}
