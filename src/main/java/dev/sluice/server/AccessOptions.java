package dev.sluice.server;

import io.vertx.ext.web.handler.CorsHandler;

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

    /// Whether a text names an origin, or all of them: `https://app.example`,
    /// `http://localhost:3000` or `*`.
    public static boolean isOrigin(String text) {
        try {
            CorsHandler.create().addOrigins(List.of(text));
            return true;
        } catch (IllegalStateException | IllegalArgumentException | IndexOutOfBoundsException _) {
            return false;
        }
    }

    /// The number of keys, not the keys.
    @Override
    public String toString() {
        return "AccessOptions[%d keys, origins=%s]".formatted(apiKeys.size(), origins);
    }
}
