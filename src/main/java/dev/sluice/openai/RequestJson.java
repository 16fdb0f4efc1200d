package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /// Fields that hold schemas, whose numbers count to the last digit.
    private static final Set<String> EXACT =
            Set.of("guided_json", "response_format", StructuredOutputs.FIELD, "tools");

    private static final ObjectReader VALUES = MAPPER.readerFor(Object.class);
    private static final ObjectReader EXACT_VALUES =
            VALUES.with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private static final ObjectReader PARTS =
            VALUES.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final ObjectReader EXACT_PARTS =
            EXACT_VALUES.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private RequestJson() {}

    /// Reads a body that must be an object.
    ///
    /// @return names to strings, booleans, numbers, lists, maps and null, in the order written;
    ///   fractions are doubles, in fields that hold schemas decimals
    /// @throws InvalidRequest if it is no JSON or no object
    static Map<String, Object> object(byte[] body) {
        try (JsonParser parser = MAPPER.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return asObject(MAPPER.readValue(body, Object.class))
                        .orElseThrow(() -> Invalid.body("Input should be a valid JSON object."));
            }
            Map<String, Object> values = fields(parser);
            if (parser.nextToken() != null) {
                throw Invalid.body(
                        "The body is not valid JSON at line %d, column %d."
                                .formatted(
                                        parser.currentTokenLocation().getLineNr(),
                                        parser.currentTokenLocation().getColumnNr()));
            }
            return values;
        } catch (JacksonException e) {
            throw Invalid.body(body.length == 0 ? "The body is empty." : reason(e));
        }
    }

    private static Map<String, Object> fields(JsonParser parser) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            ObjectReader reader = EXACT.contains(name) ? EXACT_PARTS : PARTS;
            if (parser.nextToken() == JsonToken.VALUE_NULL) {
                putNull(values, name);
            } else {
                values.put(name, value(name, reader, parser));
            }
        }
        return values;
    }

    private static Object value(String name, ObjectReader reader, JsonParser parser) {
        try {
            return reader.readValue(parser);
        } catch (NumberFormatException _) {
            // Jackson reads decimals without a limit of their exponents, and Java's have one.
            throw Invalid.field(name, "It holds a number whose exponent is too large.");
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
        return parse(json, VALUES);
    }

    /// Reads any JSON text, fractions as decimals; empty if it is none, or if a decimal's exponent
    /// is too large.
    static Optional<Object> parseExactly(String json) {
        return parse(json, EXACT_VALUES);
    }

    private static Optional<Object> parse(String json, ObjectReader reader) {
        try {
            return Optional.ofNullable(reader.readValue(json));
        } catch (JacksonException | NumberFormatException _) {
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
