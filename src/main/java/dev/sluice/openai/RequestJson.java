package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.Map;
import java.util.Optional;

/// Reads and writes JSON of the wire. Strict, but for a comma before a closing bracket, which the
/// documented samples have.
final class RequestJson {
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
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
            throw Invalid.body("The body is not valid JSON: " + reason(e) + ".");
        }
    }

    /// Jackson's words, without its hints to where an object began.
    private static String reason(JacksonException e) {
        return String.valueOf(e.getOriginalMessage())
                .replaceFirst(" \\((start marker|for [A-Z]).*", "");
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
