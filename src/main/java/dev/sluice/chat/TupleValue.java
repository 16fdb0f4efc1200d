package dev.sluice.chat;

import java.util.List;

/// A Python tuple.
///
/// @param items never changed once the value is visible to a template
/// @param isGroup made by `groupby`: its two items have names
record TupleValue(List<Object> items, boolean isGroup) {
    static final TupleValue EMPTY = new TupleValue(List.of());

    TupleValue(List<Object> items) {
        this(items, false);
    }

    static TupleValue of(Object... items) {
        return new TupleValue(List.of(items));
    }
}
