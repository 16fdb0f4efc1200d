package dev.sluice.chat;

import java.util.List;

/// A Python list; templates can't change one.
///
/// @param items never changed once the value is visible to a template
record ListValue(List<Object> items) {
    static ListValue of(Object... items) {
        return new ListValue(List.of(items));
    }
}
