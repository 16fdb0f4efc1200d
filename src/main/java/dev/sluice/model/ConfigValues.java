package dev.sluice.model;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The values of a configuration under the names that transformers gives them, with a family's
/// defaults behind them. A `null` in the file stands before a default, as it does in transformers.
///
/// Every getter throws [ModelFileException] where the value is of another kind.
final class ConfigValues {
    static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private static final int LARGEST_SIZE = 1 << 30;

    private final String origin;
    private final JsonNode values;
    private final JsonNode defaults;

    /// @param origin names the file in messages
    ConfigValues(String origin, JsonNode values, JsonNode defaults) {
        this.origin = origin;
        this.values = values;
        this.defaults = defaults;
    }

    /// Reads a JSON file that holds one object.
    static ConfigValues read(Path file) {
        return new ConfigValues(file.toString(), readObject(file), JSON.createObjectNode());
    }

    private static JsonNode readObject(Path file) {
        try {
            JsonNode node = JSON.readTree(Files.readString(file));
            if (node.isObject()) {
                return node;
            }
        } catch (JacksonException e) {
            throw new ModelFileException(file + " is no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new ModelFileException(file + " can't be read: " + e.getMessage(), e);
        }
        throw new ModelFileException(file + " holds no JSON object");
    }

    /// The same values with defaults behind them.
    ///
    /// @param json an object
    ConfigValues withDefaults(String json) {
        return new ConfigValues(origin, values, JSON.readTree(json));
    }

    /// The values of a nested object, empty where it is absent.
    ConfigValues object(String key) {
        JsonNode node = node(key);
        if (isAbsent(node)) {
            node = JSON.createObjectNode();
        } else if (!node.isObject()) {
            throw wrong(key, "an object");
        }
        return new ConfigValues(origin + ", " + key, node, JSON.createObjectNode());
    }

    /// Names the file in messages.
    String origin() {
        return origin;
    }

    /// Whether the file gives no value at all.
    boolean isEmpty() {
        return values.isEmpty();
    }

    /// Whether no value of the file says anything: all are `null`, false or blank.
    boolean isBlank() {
        return values.valueStream()
                .allMatch(value ->
                        value.isNull()
                                || (value.isBoolean() && !value.booleanValue())
                                || (value.isString() && value.stringValue().isBlank()));
    }

    /// Whether there is a value other than `null`, in the file or as a default.
    boolean has(String key) {
        return !isAbsent(node(key));
    }

    /// A positive whole number.
    int size(String key) {
        return optionalSize(key)
                .orElseThrow(() -> new ModelFileException(origin + " lacks " + key));
    }

    /// A positive whole number.
    OptionalInt optionalSize(String key) {
        JsonNode node = node(key);
        if (isAbsent(node)) {
            return OptionalInt.empty();
        }
        if (!node.isIntegralNumber()
                || !node.canConvertToInt()
                || node.intValue() <= 0
                || node.intValue() > LARGEST_SIZE) {
            throw wrong(key, "a positive whole number");
        }
        return OptionalInt.of(node.intValue());
    }

    /// A finite number.
    double number(String key) {
        return optionalNumber(key)
                .orElseThrow(() -> new ModelFileException(origin + " lacks " + key));
    }

    /// A finite number.
    OptionalDouble optionalNumber(String key) {
        JsonNode node = node(key);
        if (isAbsent(node)) {
            return OptionalDouble.empty();
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw wrong(key, "a number");
        }
        return OptionalDouble.of(node.doubleValue());
    }

    /// A finite number above 0.
    double positive(String key) {
        double number = number(key);
        if (number <= 0) {
            throw wrong(key, "a positive number");
        }
        return number;
    }

    /// A truth value; false where it is absent.
    boolean flag(String key) {
        return optionalFlag(key).orElse(false);
    }

    /// A truth value.
    Optional<Boolean> optionalFlag(String key) {
        JsonNode node = node(key);
        if (isAbsent(node)) {
            return Optional.empty();
        }
        if (!node.isBoolean()) {
            throw wrong(key, "true or false");
        }
        return Optional.of(node.booleanValue());
    }

    /// A string.
    Optional<String> text(String key) {
        JsonNode node = node(key);
        if (isAbsent(node)) {
            return Optional.empty();
        }
        if (!node.isString()) {
            throw wrong(key, "a string");
        }
        return Optional.of(node.stringValue());
    }

    /// A list of strings, empty where it is absent.
    List<String> texts(String key) {
        JsonNode node = node(key);
        List<String> texts = new ArrayList<>();
        if (!isAbsent(node)) {
            for (JsonNode element : elements(key, node)) {
                if (!element.isString()) {
                    throw wrong(key, "a list of strings");
                }
                texts.add(element.stringValue());
            }
        }
        return texts;
    }

    /// One token id or a list of them; empty where it is absent.
    List<Integer> tokenIds(String key) {
        JsonNode node = node(key);
        List<Integer> ids = new ArrayList<>();
        if (!isAbsent(node)) {
            for (JsonNode id : node.isArray() ? node : List.of(node)) {
                if (!id.isIntegralNumber() || !id.canConvertToInt()) {
                    throw wrong(key, "a token id or a list of them");
                }
                ids.add(id.intValue());
            }
        }
        return ids;
    }

    /// The exception for a value that can't be used.
    ModelFileException wrong(String key, String expected) {
        String given = node(key).toString();
        return new ModelFileException(
                "%s: %s is %s, not %s"
                        .formatted(
                                origin,
                                key,
                                given.length() > 60 ? given.substring(0, 60) + "..." : given,
                                expected));
    }

    private JsonNode elements(String key, JsonNode node) {
        if (!node.isArray()) {
            throw wrong(key, "a list");
        }
        return node;
    }

    private JsonNode node(String key) {
        JsonNode node = values.path(key);
        return node.isMissingNode() ? defaults.path(key) : node;
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }
}
