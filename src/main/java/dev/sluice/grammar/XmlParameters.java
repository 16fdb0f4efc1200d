package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes the properties of a JSON Schema as Qwen's XML parameters:
/// `<parameter=name>value</parameter>` for each, in their order. Strings stand as they are, other
/// values as JSON.
final class XmlParameters {
    private static final String END = "</parameter>";
    private static final CodePoints SPACE = CodePoints.ofCharacters(" \t\r\n");

    private final GrammarBuilder builder;
    private final Schemas schemas;

    /// Adds the rules of schemas.
    interface Schemas {
        int rule(JsonNode schema) throws GrammarException;
    }

    XmlParameters(GrammarBuilder builder, Schemas schemas) {
        this.builder = builder;
        this.schemas = schemas;
    }

    void write(JsonNode schema, int from, int to) throws GrammarException {
        if (!schema.path("properties").isObject()) {
            throw GrammarException.unsupported("XML parameters need a schema with 'properties'");
        }
        Set<String> required = new HashSet<>();
        schema.path("required").forEach(name -> required.add(name.asString("")));
        int at = from;
        for (Map.Entry<String, JsonNode> property : schema.get("properties").properties()) {
            int next = builder.state();
            if (!required.contains(property.getKey())) {
                builder.epsilon(at, next);
            }
            parameter(property.getKey(), property.getValue(), at, next);
            at = next;
        }
        builder.epsilon(at, to);
    }

    private void parameter(String name, JsonNode schema, int from, int to) throws GrammarException {
        int opened = space(builder.literal(space(from), "<parameter=" + name + ">"));
        if (schema.path("type").asString("").equals("string")) {
            if (schema.has("enum") || schema.has("const")) {
                for (JsonNode value :
                        schema.has("enum") ? schema.get("enum") : List.of(schema.get("const"))) {
                    close(builder.literal(opened, value.asString("")), to);
                }
                return;
            }
            FreeText text = new FreeText(builder);
            int behind = builder.state();
            text.word(END, behind);
            text.add(opened);
            builder.epsilon(space(behind), to);
        } else {
            close(builder.call(opened, schemas.rule(schema)), to);
        }
    }

    private void close(int from, int to) throws GrammarException {
        builder.epsilon(space(builder.literal(space(from), END)), to);
    }

    private int space(int from) throws GrammarException {
        int loop = builder.state();
        builder.epsilon(from, loop);
        builder.text(loop, SPACE, loop);
        return loop;
    }
}
