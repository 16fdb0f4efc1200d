package dev.sluice.openai;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// The fields of a body that the schema has accepted: each has the type that is asked for, or is
/// absent. Null is the same as absent.
final class Fields {
    private final Map<String, Object> values;

    Fields(Map<String, Object> values) {
        this.values = values;
    }

    Optional<Object> value(String name) {
        return Optional.ofNullable(values.get(name));
    }

    Optional<String> text(String name) {
        return value(name).map(String.class::cast);
    }

    boolean flag(String name, boolean otherwise) {
        return value(name).map(Boolean.class::cast).orElse(otherwise);
    }

    /// A whole number, also if written as `10.0`; one that a long can't hold becomes the nearest.
    OptionalLong integer(String name) {
        return value(name)
                .map(value -> OptionalLong.of(toLong((Number) value)))
                .orElse(OptionalLong.empty());
    }

    /// @throws dev.sluice.engine.ApiException.InvalidRequest if the number is beyond a double
    OptionalDouble number(String name) {
        return value(name)
                .map(value -> OptionalDouble.of(finite(name, (Number) value)))
                .orElse(OptionalDouble.empty());
    }

    /// The list; empty if absent.
    List<?> list(String name) {
        return value(name).<List<?>>map(List.class::cast).orElse(List.of());
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
