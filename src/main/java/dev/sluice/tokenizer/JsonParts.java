package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;

/// Access to the parts of a tokenizer.json, each an object with a `type`.
final class JsonParts {
    private JsonParts() {}

    /// Kind of a part; empty where there is none.
    static String type(JsonNode part) {
        return part.path("type").asString("");
    }

    /// Refuses a part.
    static TokenizerException unsupported(String what, JsonNode part) {
        return new TokenizerException(
                "tokenizer.json has a "
                        + what
                        + " of the kind '"
                        + type(part)
                        + "', which is not supported.");
    }

    /// A text that must be there.
    static String text(JsonNode part, String field) {
        JsonNode value = part.path(field);
        if (!value.isString()) {
            throw new TokenizerException(
                    "tokenizer.json: '" + type(part) + "' has no text '" + field + "'.");
        }
        return value.stringValue();
    }

    /// The parts of a `Sequence`, nested ones included; other parts are lists of one, a missing
    /// part none.
    static List<JsonNode> flatten(JsonNode part, String field) {
        List<JsonNode> parts = new ArrayList<>();
        collect(part, field, parts);
        return parts;
    }

    private static void collect(JsonNode part, String field, List<JsonNode> parts) {
        if (type(part).equals("Sequence")) {
            part.path(field).forEach(inner -> collect(inner, field, parts));
        } else if (!part.isMissingNode() && !part.isNull()) {
            parts.add(part);
        }
    }
}
