package dev.sluice.server;

import java.util.List;

/// Who may ask. Immutable; never logged, for it holds secrets.
///
/// @param apiKeys keys of which requests must bring one; none for no check
/// @param origins origins whose pages may ask from a browser; `*` for all, none for no CORS
public record AccessOptions(List<String> apiKeys, List<String> origins) {
    /// Everybody, but no pages of other origins.
    public static final AccessOptions OPEN = new AccessOptions(List.of(), List.of());

    public AccessOptions {
        apiKeys = apiKeys.stream().filter(key -> !key.isEmpty()).toList();
        origins = List.copyOf(origins);
    }

    /// The number of keys, not the keys.
    @Override
    public String toString() {
        return "AccessOptions[%d keys, origins=%s]".formatted(apiKeys.size(), origins);
    }
}
