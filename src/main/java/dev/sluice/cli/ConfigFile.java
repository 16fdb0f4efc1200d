package dev.sluice.cli;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// A file of flags for `--config`: YAML, so JSON too, with the names of the flags as keys.
final class ConfigFile {
    private static final YAMLMapper YAML =
            YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    /// What is null where it is not quoted, beside what the parser takes for null.
    private static final Set<String> NULLS = Set.of("~", "Null", "NULL");

    private final String file;
    private final String text;
    private final YAMLParser parser;

    private ConfigFile(String file, String text, YAMLParser parser) {
        this.file = file;
        this.text = text;
        this.parser = parser;
    }

    /// The values of each key, in the file's order. Keys are spelt with dashes; a key without a
    /// value is left out; numbers stay as they are written; what is more than text is given as
    /// JSON.
    ///
    /// @throws Refusal if it can't be read or is no mapping
    static Map<String, List<String>> read(String file) {
        String text = TextFile.read(FlagSources.CONFIG, file);
        try (YAMLParser parser = (YAMLParser) YAML.createParser(text)) {
            return new ConfigFile(file, text, parser).values();
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

    /// The next token, if there is one. Of an alias the parser gives the anchor's name in the place
    /// of what it stands for.
    private @Nullable JsonToken next() {
        JsonToken token = parser.nextToken();
        if (token != null && parser.isCurrentAlias()) {
            throw new Refusal(
                    "--config %s has the alias *%s; write out what it stands for."
                            .formatted(file, parser.getString()));
        }
        return token;
    }

    private Map<String, List<String>> values() {
        Map<String, List<String>> values = new LinkedHashMap<>();
        next();
        if (parser.hasToken(JsonToken.START_OBJECT)) {
            while (next() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName().replace('_', '-').replaceFirst("^--", "");
                next();
                if (!isNull() && values.put(key, texts()) != null) {
                    throw new Refusal("--config %s has %s twice.".formatted(file, key));
                }
            }
        } else if (parser.hasCurrentToken() && !isNull()) {
            throw new Refusal("--config %s must hold keys and values.".formatted(file));
        }
        next();
        if (parser.hasCurrentToken()) {
            throw new Refusal("--config %s must hold one document.".formatted(file));
        }
        return values;
    }

    private List<String> texts() {
        if (!parser.hasToken(JsonToken.START_ARRAY)) {
            return List.of(text());
        }
        List<String> texts = new ArrayList<>();
        while (next() != JsonToken.END_ARRAY) {
            texts.add(text());
        }
        return texts;
    }

    private String text() {
        if (parser.currentToken().isScalarValue()) {
            return isNull() ? "" : parser.getString();
        }
        return tree().toString();
    }

    private JsonNode tree() {
        if (parser.hasToken(JsonToken.START_ARRAY)) {
            ArrayNode array = YAML.createArrayNode();
            while (next() != JsonToken.END_ARRAY) {
                array.add(tree());
            }
            return array;
        }
        if (parser.hasToken(JsonToken.START_OBJECT)) {
            ObjectNode object = YAML.createObjectNode();
            while (next() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                next();
                object.set(name, tree());
            }
            return object;
        }
        return isNull() ? NullNode.getInstance() : parser.readValueAsTree();
    }

    private boolean isNull() {
        return parser.hasToken(JsonToken.VALUE_NULL)
                || (parser.hasToken(JsonToken.VALUE_STRING)
                        && NULLS.contains(parser.getString())
                        && isPlain());
    }

    /// Whether the scalar stands there as it is, without quotation marks, tag or anchor.
    private boolean isPlain() {
        // The parser counts code points.
        int at = text.offsetByCodePoints(0, (int) parser.currentTokenLocation().getCharOffset());
        return text.startsWith(parser.getString(), at);
    }
}
