package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// Java values as Python values.
final class Conversion {
    private static final int MAX_DEPTH = 500;

    private Conversion() {}

    /// @param value String, Boolean, a number, Collection, Map, or null for `None`; deep
    /// @throws IllegalArgumentException if it is of another type
    static Object fromJava(@Nullable Object value) {
        return convert(value, 0);
    }

    private static Object convert(@Nullable Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw Errors.limit("values nested more than " + MAX_DEPTH + " deep");
        }
        return switch (value) {
            case null -> None.NONE;
            case String s -> s;
            case Boolean b -> b;
            case Long l -> l;
            case Double d -> d;
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Byte b -> (long) b;
            case Float f -> (double) f;
            case BigInteger big -> Numbers.normalised(big);
            case java.math.BigDecimal big -> big.doubleValue();
            case Map<?, ?> map -> dict(map, depth);
            case Collection<?> list -> list(list, depth);
            default ->
                    throw new IllegalArgumentException(
                            "a template variable can't be a " + value.getClass().getName());
        };
    }

    private static ListValue list(Collection<?> list, int depth) {
        List<Object> items = new ArrayList<>(list.size());
        for (Object item : list) {
            items.add(convert(item, depth + 1));
        }
        return new ListValue(items);
    }

    private static DictValue dict(Map<?, ?> map, int depth) {
        DictValue dict = new DictValue(map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            dict.put(convert(entry.getKey(), depth + 1), convert(entry.getValue(), depth + 1));
        }
        return dict;
    }
}
