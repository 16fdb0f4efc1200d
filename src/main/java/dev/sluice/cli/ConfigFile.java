package dev.sluice.cli;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;

import java.util.ArrayList;
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
    /// value is left out; numbers stay as they are written; what is more than text is given as
    /// JSON.
    ///
    /// @throws Refusal if it can't be read or is no mapping
    static Map<String, List<String>> read(String file) {
        String text = TextFile.read(FlagSources.CONFIG, file);
        try (JsonParser parser = YAML.createParser(text)) {
            refuseAliases(file, text);
            return read(file, parser);
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

    /// The parser gives the anchor's name in the place of what it stands for.
    private static void refuseAliases(String file, String text) {
        try (YAMLParser parser = (YAMLParser) YAML.createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.isCurrentAlias()) {
                    throw new Refusal(
                            "--config %s has the alias *%s; write out what it stands for."
                                    .formatted(file, parser.getString()));
                }
            }
        }
    }

    private static Map<String, List<String>> read(String file, JsonParser parser) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        parser.nextToken();
        if (parser.hasToken(JsonToken.START_OBJECT)) {
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName().replace('_', '-').replaceFirst("^--", "");
                parser.nextToken();
                if (!parser.hasToken(JsonToken.VALUE_NULL)
                        && values.put(key, texts(parser)) != null) {
                    throw new Refusal("--config %s has %s twice.".formatted(file, key));
                }
            }
        } else if (parser.hasCurrentToken() && !parser.hasToken(JsonToken.VALUE_NULL)) {
            throw new Refusal("--config %s must hold keys and values.".formatted(file));
        }
        parser.nextToken();
        if (parser.hasCurrentToken()) {
            throw new Refusal("--config %s must hold one document.".formatted(file));
        }
        return values;
    }

    private static List<String> texts(JsonParser parser) {
        if (!parser.hasToken(JsonToken.START_ARRAY)) {
            return List.of(text(parser));
        }
        List<String> texts = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            texts.add(text(parser));
        }
        return texts;
    }

    private static String text(JsonParser parser) {
        if (parser.currentToken().isScalarValue()) {
            return parser.hasToken(JsonToken.VALUE_NULL) ? "" : parser.getString();
        }
        return parser.readValueAsTree().toString();
    }
}
