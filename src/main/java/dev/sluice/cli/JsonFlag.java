package dev.sluice.cli;

import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamReadException;
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
            // The parser's own words are about Java.
            throw new Refusal(
                    "%s must be a JSON object, such as {\"name\": 1}, and is %s%s."
                            .formatted(flag, value, place(e)));
        }
    }

    private static String place(JacksonException e) {
        TokenStreamLocation location = e.getLocation();
        return e instanceof StreamReadException && location != null && location.getColumnNr() > 0
                ? ": it is no JSON at character " + location.getColumnNr()
                : "";
    }
}
