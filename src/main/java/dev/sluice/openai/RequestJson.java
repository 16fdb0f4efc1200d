package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.Map;
import java.util.Optional;

/// Reads and writes JSON of the wire. Strict, but for a comma before a closing bracket, which the
/// documented samples have. An object may have a name only once: readers do not agree on which one
/// counts.
final class RequestJson {
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .build();

    private RequestJson() {}

    /// Reads a body that must be an object.
    ///
    /// @return names to strings, booleans, numbers, lists, maps and null, in the order written
    /// @throws InvalidRequest if it is no JSON or no object
    static Map<String, Object> object(byte[] body) {
        try {
            Object value = MAPPER.readValue(body, Object.class);
            return asObject(value)
                    .orElseThrow(() -> Invalid.body("Input should be a valid JSON object."));
        } catch (JacksonException e) {
            throw Invalid.body(body.length == 0 ? "The body is empty." : reason(e));
        }
    }

    /// Our own words: Jackson's name settings that no client can change.
    private static String reason(JacksonException e) {
        if (e instanceof StreamConstraintsException
                || e.getCause() instanceof StreamConstraintsException) {
            return "The body is nested too deeply, or holds a name or number that is too long.";
        }
        boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate");
        String wrong = twice ? "The body has a field twice" : "The body is not valid JSON";
        return Optional.ofNullable(e.getLocation())
                .map(at ->
                        "%s at line %d, column %d."
                                .formatted(wrong, at.getLineNr(), at.getColumnNr()))
                .orElse(wrong + ".");
    }

    /// Reads any JSON text; empty if it is none.
    static Optional<Object> parse(String json) {
        try {
            return Optional.ofNullable(MAPPER.readValue(json, Object.class));
        } catch (JacksonException _) {
            return Optional.empty();
        }
    }

    /// Writes compact JSON.
    static String write(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /// Gives a name the value null, which maps of JSON may hold.
    @SuppressWarnings("NullAway")
    static void putNull(Map<String, Object> object, String name) {
        object.put(name, null);
    }

    /// The value as an object, if it is one. JSON's names are strings.
    @SuppressWarnings("unchecked")
    static Optional<Map<String, Object>> asObject(Object value) {
        return value instanceof Map<?, ?> map
                ? Optional.of((Map<String, Object>) map)
                : Optional.empty();
    }
}
