package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.HashSet;
import java.util.Set;

/// Looks at the values of a schema's keywords before any is evaluated, for one that is malformed is
/// wrong also where the schema's type makes it moot; and names what says nothing about valid texts.
final class KeywordForms {
    private static final Set<String> NUMBERS = Set.of("minimum", "maximum");
    private static final Set<String> BOUNDS = Set.of("exclusiveMinimum", "exclusiveMaximum");
    private static final Set<String> COUNTS =
            Set.of(
                    "minLength",
                    "maxLength",
                    "minItems",
                    "maxItems",
                    "minContains",
                    "maxContains",
                    "minProperties",
                    "maxProperties");
    private static final Set<String> TEXTS =
            Set.of("pattern", "format", "$ref", "$dynamicRef", "$anchor", "$dynamicAnchor");
    private static final Set<String> SCHEMAS =
            Set.of(
                    "items",
                    "contains",
                    "additionalProperties",
                    "unevaluatedItems",
                    "unevaluatedProperties",
                    "propertyNames",
                    "if",
                    "then",
                    "else",
                    "not");
    private static final Set<String> LISTS = Set.of("allOf", "anyOf", "oneOf");
    private static final Set<String> MAPS =
            Set.of("properties", "patternProperties", "dependentSchemas", "$defs", "definitions");
    private static final Set<String> CONTENT =
            Set.of("contentEncoding", "contentMediaType", "contentSchema");

    private KeywordForms() {}

    /// Checks a schema that is an object. Notes annotations.
    ///
    /// @throws GrammarException if a keyword's value is malformed; names the keyword and its place
    static void check(Schema schema, SchemaEvaluator evaluator) throws GrammarException {
        JsonNode node = schema.node();
        if (node.path("$ref").isString() && schema.resource().dialect().ignoresSiblingsOfRef()) {
            return;
        }
        SchemaDialect version = schema.resource().dialect();
        for (String name : node.propertyNames()) {
            if (!version.knows(name)) {
                evaluator.annotate(
                        "%s at %s, which %s does not know".formatted(name, schema.path(), version));
                continue;
            }
            evaluator.keyword(
                    schema,
                    name,
                    () -> {
                        check(name, node, version);
                        return ValueSet.ANY;
                    });
            if (CONTENT.contains(name)) {
                evaluator.annotate("%s at %s".formatted(name, schema.path()));
            }
        }
        String dialect = node.path("$schema").asString("");
        if (!dialect.isEmpty() && SchemaDialect.of(dialect).isEmpty()) {
            evaluator.annotate(
                    "$schema \"%s\" at %s, which is read as %s"
                            .formatted(dialect, schema.path(), version));
        }
    }

    private static void check(String name, JsonNode node, SchemaDialect dialect)
            throws GrammarException {
        JsonNode value = node.path(name);
        if (NUMBERS.contains(name)) {
            number(name, value);
        } else if (name.equals("multipleOf")) {
            multiple(value);
        } else if (BOUNDS.contains(name)) {
            bound(name, node, dialect);
        } else if (COUNTS.contains(name)) {
            Keywords.count(node, name, 0);
        } else if (TEXTS.contains(name) || name.equals(dialect.idKeyword())) {
            Keywords.text(value, name);
        } else if (name.equals("type")) {
            types(value);
        } else if (name.equals("uniqueItems") && !value.isBoolean()) {
            throw GrammarException.malformed("uniqueItems must be true or false");
        } else if (name.equals("required")) {
            ObjectKeywords.required(node);
        } else {
            schemas(name, node, dialect);
        }
    }

    private static void schemas(String name, JsonNode node, SchemaDialect dialect)
            throws GrammarException {
        JsonNode value = node.path(name);
        if ((name.equals("items") && value.isArray()) || name.equals("prefixItems")) {
            list(name, value);
        } else if (SCHEMAS.contains(name) || isAdditional(name, node, dialect)) {
            schema(name, value);
        } else if (LISTS.contains(name)) {
            list(name, value);
            if (value.isEmpty()) {
                throw GrammarException.malformed("%s must not be empty".formatted(name));
            }
        } else if (MAPS.contains(name)) {
            for (JsonNode one : Keywords.object(node, name)) {
                schema("what %s holds".formatted(name), one);
            }
        } else if (name.equals("dependencies") || name.equals("dependentRequired")) {
            for (JsonNode one : Keywords.object(node, name)) {
                dependency(name, one);
            }
        }
    }

    /// Without a list before it, it says nothing, and to the newest dialect it is no keyword.
    private static boolean isAdditional(String name, JsonNode node, SchemaDialect dialect) {
        return name.equals("additionalItems")
                && (dialect != SchemaDialect.DRAFT_2020_12 || node.path("items").isArray());
    }

    private static void schema(String what, JsonNode value) throws GrammarException {
        if (!value.isObject() && !value.isBoolean()) {
            throw GrammarException.malformed(
                    "%s must be a schema: an object, true or false".formatted(what));
        }
    }

    private static void list(String name, JsonNode value) throws GrammarException {
        if (!value.isArray()) {
            throw GrammarException.malformed("%s must be a list of schemas".formatted(name));
        }
        for (JsonNode one : value) {
            schema("what %s lists".formatted(name), one);
        }
    }

    /// The oldest form, one key that is no list, means the same in every dialect.
    private static void dependency(String name, JsonNode value) throws GrammarException {
        if (value.isArray()) {
            for (JsonNode key : value) {
                Keywords.text(key, "a key in " + name);
            }
        } else if (name.equals("dependentRequired")) {
            throw GrammarException.malformed("what dependentRequired holds must be a list of keys");
        } else if (!value.isString()) {
            schema("what %s holds".formatted(name), value);
        }
    }

    private static void types(JsonNode value) throws GrammarException {
        Set<JsonNode> names = new HashSet<>();
        for (JsonNode name : value) {
            if (!names.add(name)) {
                throw GrammarException.malformed("type lists %s twice".formatted(name));
            }
        }
        if (value.isContainer() && value.isEmpty()) {
            throw GrammarException.malformed("type must not be empty");
        }
    }

    private static void multiple(JsonNode value) throws GrammarException {
        number("multipleOf", value);
        if (Keywords.number(value).signum() <= 0) {
            throw GrammarException.malformed("multipleOf must be greater than 0");
        }
    }

    private static void number(String name, JsonNode value) throws GrammarException {
        if (!value.isNumber()) {
            throw GrammarException.malformed("%s must be a number".formatted(name));
        }
    }

    /// Beside the bound it belongs to, the old spelling has one meaning, whatever the dialect.
    private static void bound(String name, JsonNode node, SchemaDialect dialect)
            throws GrammarException {
        boolean hasBound = node.has(name.equals("exclusiveMinimum") ? "minimum" : "maximum");
        if (!node.path(name).isBoolean()) {
            number(name, node.path(name));
        } else if (!hasBound && dialect != SchemaDialect.DRAFT_4) {
            throw GrammarException.malformed(
                    "%s must be a number where the bound itself is missing".formatted(name));
        }
    }
}
