package dev.sluice.model;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the JSON of model directories. Loaded only where there is any: a GGUF file needs none, and
/// Jackson takes a good part of a second to start.
final class JsonFiles {
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private JsonFiles() {}

    /// Reads a file that holds one object.
    ///
    /// @throws ModelFileException if it can't be read or holds something else
    static JsonNode readObject(Path file) {
        try {
            return parseObject(Files.readString(file));
        } catch (JacksonException e) {
            throw new ModelFileException(file + " is no JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new ModelFileException(file + " can't be read: " + e.getMessage(), e);
        }
    }

    /// Reads a configuration file.
    ///
    /// @throws ModelFileException if it can't be read or holds something else
    static ConfigValues readConfig(Path file) {
        return new ConfigValues(file.toString(), mapOf(readObject(file)));
    }

    /// Parses a text that holds one object.
    ///
    /// @throws JacksonException if it is no JSON or holds something else
    static JsonNode parseObject(String text) {
        return JSON.readTree(text).asObject();
    }

    /// Writes maps and lists as JSON.
    static void write(Path file, Object value) throws IOException {
        Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value));
    }

    private static Map<String, Object> mapOf(JsonNode object) {
        Map<String, Object> map = new LinkedHashMap<>();
        object.forEachEntry((key, value) -> map.put(key, valueOf(value)));
        return map;
    }

    private static Object valueOf(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> mapOf(node);
            case ARRAY -> {
                List<Object> list = new ArrayList<>();
                node.forEach(element -> list.add(valueOf(element)));
                yield list;
            }
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.numberValue();
            case STRING -> node.stringValue();
            default -> ConfigValues.Absent.NULL;
        };
    }
}
