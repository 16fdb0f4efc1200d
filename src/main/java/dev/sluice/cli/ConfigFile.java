package dev.sluice.cli;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A file of flags for `--config`: YAML, so JSON too, with the names of the flags as keys.
final class ConfigFile {
    private static final YAMLMapper YAML =
            YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private ConfigFile() {}

    /// The values of each key, in the file's order. Keys are spelt with dashes; a key without a
    /// value is left out; what is more than text is given as JSON.
    ///
    /// @throws Refusal if it can't be read or is no mapping
    static Map<String, List<String>> read(String file) {
        JsonNode root = parse(file);
        if (root.isMissingNode() || root.isNull()) {
            return Map.of();
        }
        if (!root.isObject()) {
            throw new Refusal("--config %s must hold keys and values.".formatted(file));
        }
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            String key = entry.getKey().replace('_', '-').replaceFirst("^--", "");
            if (entry.getValue().isNull()) {
                continue;
            }
            if (values.put(key, texts(entry.getValue())) != null) {
                throw new Refusal("--config %s has %s twice.".formatted(file, key));
            }
        }
        return values;
    }

    private static JsonNode parse(String file) {
        String text = TextFile.read(FlagSources.CONFIG, file);
        try {
            return YAML.readTree(text);
        } catch (JacksonException e) {
            throw new Refusal(
                    "--config %s is no YAML: %s."
                            .formatted(
                                    file,
                                    e.getOriginalMessage()
                                            .lines()
                                            .collect(Collectors.joining(" "))
                                            .strip()));
        }
    }

    private static List<String> texts(JsonNode value) {
        return value.isArray()
                ? value.valueStream().map(ConfigFile::text).toList()
                : List.of(text(value));
    }

    private static String text(JsonNode value) {
        return value.isValueNode() ? value.asString() : value.toString();
    }
}
