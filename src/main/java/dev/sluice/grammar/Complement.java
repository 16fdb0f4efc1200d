package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// All values that do not belong to a set. Arrays and objects, whose complements may be large, are
/// found when they are first asked for. Not for use by several threads.
final class Complement {
    private final ValueSet of;
    private final ValueAlgebra algebra;
    private final ValueSet plain;
    private @Nullable List<ArrayShape> arrays;
    private @Nullable List<ObjectShape> objects;

    Complement(ValueSet of, ValueAlgebra algebra) throws GrammarException {
        this.of = of;
        this.algebra = algebra;
        this.plain =
                new ValueSet(
                        !of.nulls(),
                        ~of.booleans() & (ValueSet.FALSE | ValueSet.TRUE),
                        of.numbers().not(),
                        of.strings().not(),
                        List.of(),
                        List.of());
    }

    /// Those of the types of which some value is in another set.
    ValueSet ofTypesIn(ValueSet other) throws GrammarException {
        ValueSet result = plain;
        if (!other.arrays().isEmpty()) {
            result = result.withArrays(arrays());
        }
        if (!other.objects().isEmpty()) {
            result = result.withObjects(objects());
        }
        return result.ofTypesIn(other);
    }

    private List<ArrayShape> arrays() throws GrammarException {
        List<ArrayShape> known = arrays;
        if (known == null) {
            known = algebra.otherArrays(of.arrays());
            arrays = known;
        }
        return known;
    }

    private List<ObjectShape> objects() throws GrammarException {
        List<ObjectShape> known = objects;
        if (known == null) {
            known = algebra.otherObjects(of.objects());
            objects = known;
        }
        return known;
    }
}
