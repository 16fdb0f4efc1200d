package dev.sluice.cli;

import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.ObjectMapper;

import java.util.Map;
import java.util.Objects;

/// Flags whose value is JSON.
final class JsonFlag {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private JsonFlag() {}

    /// The fields of an object.
    ///
    /// @throws Refusal if the value is none
    static Map<String, Object> object(String flag, String value) {
        try {
            return Objects.requireNonNullElse(JSON.readValue(value, OBJECT), Map.of());
        } catch (JacksonException e) {
            throw new Refusal(
                    "%s must be a JSON object and is %s: %s."
                            .formatted(flag, value, e.getOriginalMessage()));
        }
    }
}
