package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A Python dict: insertion order, and keys that are equal in Python (`1`, `1.0`, `True`) are one.
/// Templates can't change one.
final class DictValue {
    private static final int MAX_KEY_PARTS = 64;

    private final Map<Object, Object> values;
    // Keys whose spelling differs from what they are compared by; absent in nearly every dict.
    private @Nullable Map<Object, Object> spellings;

    DictValue(int expectedSize) {
        values = LinkedHashMap.newLinkedHashMap(expectedSize);
    }

    /// Adds or replaces, as Python does: a replaced key keeps its place and its first spelling.
    void put(Object key, Object value) {
        Object comparable = comparable(key);
        if (!comparable.equals(key) && !values.containsKey(comparable)) {
            if (spellings == null) {
                spellings = new HashMap<>();
            }
            spellings.put(comparable, key);
        }
        values.put(comparable, value);
    }

    @Nullable Object get(Object key) {
        return values.get(key instanceof String ? key : comparable(key));
    }

    boolean contains(Object key) {
        return values.containsKey(key instanceof String ? key : comparable(key));
    }

    int size() {
        return values.size();
    }

    List<Object> keys() {
        if (spellings == null) {
            return new ArrayList<>(values.keySet());
        }
        Map<Object, Object> spelled = spellings;
        List<Object> keys = new ArrayList<>(values.size());
        values.keySet().forEach(key -> keys.add(spelled.getOrDefault(key, key)));
        return keys;
    }

    List<Object> values() {
        return new ArrayList<>(values.values());
    }

    /// Pairs of key and value.
    List<Object> items() {
        List<Object> items = new ArrayList<>(values.size());
        Map<Object, Object> spelled = spellings;
        values.forEach((key, value) -> {
            Object shown = spelled == null ? key : spelled.getOrDefault(key, key);
            items.add(new TupleValue(List.of(shown, value)));
        });
        return items;
    }

    DictValue copy() {
        DictValue copy = new DictValue(size());
        copy.values.putAll(values);
        copy.spellings = spellings == null ? null : new HashMap<>(spellings);
        return copy;
    }

    /// What a value is hashed and compared by in dicts and in `unique`.
    ///
    /// @throws TemplateException if Python can't hash the value, or it is a very large tuple
    static Object comparable(Object key) {
        return switch (key) {
            case String s -> s;
            case Markup(String text) -> text;
            case Boolean b -> b ? 1L : 0L;
            case Double d -> integral(d);
            case TupleValue tuple -> comparable(tuple);
            case Undefined _ -> Undefined.class;
            case ListValue _, DictValue _, DictView _ ->
                    throw Errors.type("unhashable type: '" + Types.name(key) + "'");
            default -> key;
        };
    }

    /// The tuple itself where its parts are what they are compared by: no copy is made then.
    private static TupleValue comparable(TupleValue tuple) {
        if (parts(tuple, MAX_KEY_PARTS) < 0) {
            throw Errors.limit("a tuple of more than " + MAX_KEY_PARTS + " parts as a key");
        }
        List<Object> parts = new ArrayList<>(tuple.items().size());
        tuple.items().forEach(item -> parts.add(comparable(item)));
        boolean unchanged = !tuple.isGroup() && parts.equals(tuple.items());
        return unchanged ? tuple : new TupleValue(parts);
    }

    /// How much of a number is left when the parts of a tuple are taken off; negative when it is
    /// not enough.
    private static int parts(TupleValue tuple, int left) {
        int rest = left - tuple.items().size();
        for (Object item : tuple.items()) {
            if (rest >= 0 && item instanceof TupleValue inner) {
                rest = parts(inner, rest);
            }
        }
        return rest;
    }

    private static Object integral(double d) {
        if (d != Math.rint(d) || Double.isInfinite(d)) {
            return d;
        }
        return d == (double) (long) d && Math.abs(d) < 9e18
                ? (Object) (long) d
                : (Object) bigInteger(d);
    }

    private static BigInteger bigInteger(double d) {
        return new BigDecimal(d).toBigIntegerExact();
    }
}
