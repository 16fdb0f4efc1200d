package dev.sluice.model;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The values of a configuration under the names that transformers gives them, with a family's
/// defaults behind them. A `null` in the file stands before a default, as it does in transformers.
///
/// Every getter throws [ModelFileException] where the value is of another kind.
final class ConfigValues {
    /// Stands for `null`.
    enum Absent {
        NULL
    }

    /// Largest value of a size.
    static final int LARGEST_SIZE = 1 << 30;

    private final String origin;
    private final Map<?, ?> values;
    private final Map<?, ?> defaults;

    /// @param origin names the file in messages
    /// @param values numbers, `Boolean`, `String`, `List`, `Map` and [Absent] by name
    ConfigValues(String origin, Map<?, ?> values) {
        this(origin, values, Map.of());
    }

    private ConfigValues(String origin, Map<?, ?> values, Map<?, ?> defaults) {
        this.origin = origin;
        this.values = values;
        this.defaults = defaults;
    }

    /// The same values with defaults behind them.
    ConfigValues withDefaults(Map<String, Object> others) {
        return new ConfigValues(origin, values, others);
    }

    /// The same values with another one in the place of what the file says.
    ConfigValues with(String key, Object value) {
        Map<Object, Object> all = new HashMap<>(values);
        all.put(key, value);
        return new ConfigValues(origin, all, defaults);
    }

    /// The values of a nested object, empty where it is absent.
    ConfigValues object(String key) {
        return switch (value(key)) {
            case Map<?, ?> map -> new ConfigValues(origin + ", " + key, map);
            case Absent _ -> new ConfigValues(origin + ", " + key, Map.of());
            default -> throw wrong(key, "an object");
        };
    }

    /// Names the file in messages.
    String origin() {
        return origin;
    }

    /// Whether the file gives no value at all.
    boolean isEmpty() {
        return values.isEmpty();
    }

    /// Whether no value of the file says anything: all are `null`, false or blank.
    boolean isBlank() {
        return values.values().stream()
                .allMatch(value ->
                        value instanceof Absent
                                || value.equals(false)
                                || (value instanceof String text && text.isBlank()));
    }

    /// Whether there is a value other than `null`, in the file or as a default.
    boolean has(String key) {
        return !(value(key) instanceof Absent);
    }

    /// The names that the file gives values to.
    List<String> names() {
        return values.keySet().stream().map(String::valueOf).toList();
    }

    /// Whether a value is just this one.
    boolean says(String key, Object expected) {
        return expected.equals(value(key));
    }

    /// A positive whole number.
    int size(String key) {
        return optionalSize(key)
                .orElseThrow(() -> new ModelFileException(origin + " lacks " + key));
    }

    /// A positive whole number.
    OptionalInt optionalSize(String key) {
        if (!has(key)) {
            return OptionalInt.empty();
        }
        if (value(key) instanceof Number number
                && isWhole(number)
                && number.doubleValue() > 0
                && number.doubleValue() <= LARGEST_SIZE) {
            return OptionalInt.of(number.intValue());
        }
        throw wrong(key, "a positive whole number");
    }

    private static boolean isWhole(Number number) {
        return number instanceof Integer || number instanceof Long || number instanceof BigInteger;
    }

    /// A finite number.
    double number(String key) {
        return optionalNumber(key)
                .orElseThrow(() -> new ModelFileException(origin + " lacks " + key));
    }

    /// A finite number.
    OptionalDouble optionalNumber(String key) {
        if (!has(key)) {
            return OptionalDouble.empty();
        }
        if (value(key) instanceof Number number && Double.isFinite(number.doubleValue())) {
            return OptionalDouble.of(number.doubleValue());
        }
        throw wrong(key, "a number");
    }

    /// A finite number above 0.
    double positive(String key) {
        double number = number(key);
        if (number <= 0) {
            throw wrong(key, "a positive number");
        }
        return number;
    }

    /// A truth value; false where it is absent.
    boolean flag(String key) {
        return optionalFlag(key).orElse(false);
    }

    /// A truth value.
    Optional<Boolean> optionalFlag(String key) {
        return switch (value(key)) {
            case Boolean flag -> Optional.of(flag);
            case Absent _ -> Optional.empty();
            default -> throw wrong(key, "true or false");
        };
    }

    /// A string.
    Optional<String> text(String key) {
        return switch (value(key)) {
            case String text -> Optional.of(text);
            case Absent _ -> Optional.empty();
            default -> throw wrong(key, "a string");
        };
    }

    /// A list of strings, empty where it is absent.
    List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        for (Object element : list(key, "a list of strings")) {
            if (!(element instanceof String text)) {
                throw wrong(key, "a list of strings");
            }
            texts.add(text);
        }
        return texts;
    }

    /// One token id or a list of them; empty where it is absent.
    List<Integer> tokenIds(String key) {
        String expected = "a token id or a list of them";
        List<Integer> ids = new ArrayList<>();
        List<?> given = value(key) instanceof Number id ? List.of(id) : list(key, expected);
        for (Object id : given) {
            if (!(id instanceof Integer number)) {
                throw wrong(key, expected);
            }
            // Some files say -1 for none.
            if (number >= 0) {
                ids.add(number);
            }
        }
        return ids;
    }

    private List<?> list(String key, String expected) {
        return switch (value(key)) {
            case List<?> list -> list;
            case Absent _ -> List.of();
            default -> throw wrong(key, expected);
        };
    }

    /// The exception for a value that can't be used.
    ModelFileException wrong(String key, String expected) {
        String given = value(key).toString();
        return new ModelFileException(
                "%s: %s is %s, not %s"
                        .formatted(
                                origin,
                                key,
                                given.length() > 60 ? given.substring(0, 60) + "..." : given,
                                expected));
    }

    private Object value(String key) {
        Object given = values.get(key);
        Object value = given == null ? defaults.get(key) : given;
        return value == null ? Absent.NULL : value;
    }
}
