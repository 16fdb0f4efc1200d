package dev.sluice.chat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The arguments of one call.
///
/// @param positional by position
/// @param named by name, in the order given
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    /// With one more named argument.
    Arguments with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(named);
        more.put(name, value);
        return new Arguments(positional, more);
    }
}
