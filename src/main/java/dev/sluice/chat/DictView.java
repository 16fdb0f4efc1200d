package dev.sluice.chat;

import java.util.List;

/// What a dict's `keys`, `values` and `items` give: it has a length and can be looped over again
/// and again, but not be indexed.
///
/// @param dict looked at
/// @param part keys, values or items
record DictView(DictValue dict, Part part) {
    /// What is seen of a dict.
    enum Part {
        /// The keys.
        KEYS,
        /// The values.
        VALUES,
        /// Pairs of both.
        ITEMS
    }

    List<Object> items() {
        return switch (part) {
            case KEYS -> dict.keys();
            case VALUES -> dict.values();
            case ITEMS -> dict.items();
        };
    }

    String typeName() {
        return switch (part) {
            case KEYS -> "dict_keys";
            case VALUES -> "dict_values";
            case ITEMS -> "dict_items";
        };
    }
}
