package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/// The fields of a body that the schema has accepted: each has the type that is asked for, or is
/// absent. Null is the same as absent.
final class Fields {
    private final Map<String, Object> values;
    private final Map<String, Object> others;
    private final Set<String> fromOthers;

    Fields(Map<String, Object> values) {
        this(values, Map.of(), Set.of());
    }

    private Fields(Map<String, Object> values, Map<String, Object> others, Set<String> fromOthers) {
        this.values = values;
        this.others = others;
        this.fromOthers = fromOthers;
    }

    /// The same, with a few fields from elsewhere where they are absent here.
    Fields orFrom(Map<String, Object> elsewhere, Set<String> names) {
        return new Fields(values, elsewhere, names);
    }

    Optional<Object> value(String name) {
        Optional<Object> value = Optional.ofNullable(values.get(name));
        return value.isEmpty() && fromOthers.contains(name)
                ? Optional.ofNullable(others.get(name))
                : value;
    }

    Optional<String> text(String name) {
        return value(name).map(String.class::cast);
    }

    boolean flag(String name, boolean otherwise) {
        return flag(name).orElse(otherwise);
    }

    Optional<Boolean> flag(String name) {
        return value(name).map(Boolean.class::cast);
    }

    /// A whole number, also if written as `10.0`; one that a long can't hold becomes the nearest.
    OptionalLong integer(String name) {
        return value(name)
                .map(value -> OptionalLong.of(toLong((Number) value)))
                .orElse(OptionalLong.empty());
    }

    /// @throws InvalidRequest if the number is beyond a double
    OptionalDouble number(String name) {
        return value(name)
                .map(value -> OptionalDouble.of(finite(name, (Number) value)))
                .orElse(OptionalDouble.empty());
    }

    /// The list; empty if absent.
    List<?> list(String name) {
        return value(name).<List<?>>map(List.class::cast).orElse(List.of());
    }

    /// The list of texts; empty if absent.
    ///
    /// @throws InvalidRequest if an item is something else
    List<String> texts(String name) {
        return texts(name, name, name);
    }

    /// The same for a list within a field of the body.
    ///
    /// @param field of the body
    /// @param place of the list
    List<String> texts(String name, String field, String place) {
        List<?> items = list(name);
        List<String> texts = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof String text)) {
                throw Invalid.field(field, place + "[" + i + "]: Input should be a valid string");
            }
            texts.add(text);
        }
        return texts;
    }

    /// The object; empty if absent.
    Map<String, Object> object(String name) {
        return value(name).flatMap(RequestJson::asObject).orElse(Map.of());
    }

    private static double finite(String name, Number value) {
        double number = value.doubleValue();
        if (!Double.isFinite(number)) {
            throw Invalid.field(name, "Input should be a finite number");
        }
        return number;
    }

    static long toLong(Number number) {
        if (number instanceof BigInteger big && big.bitLength() >= Long.SIZE) {
            return big.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        return number.longValue();
    }
}
