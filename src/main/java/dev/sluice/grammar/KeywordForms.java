package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.Set;

/// Looks at the values of a schema's keywords before any is evaluated, for one that is malformed is
/// wrong also where the schema's type makes it moot; and names what says nothing about valid texts.
final class KeywordForms {
    private static final Set<String> NUMBERS = Set.of("minimum", "maximum", "multipleOf");
    private static final Set<String> BOUNDS = Set.of("exclusiveMinimum", "exclusiveMaximum");
    private static final Set<String> COUNTS =
            Set.of(
                    "minLength",
                    "maxLength",
                    "minItems",
                    "maxItems",
                    "minProperties",
                    "maxProperties");
    private static final Set<String> TEXTS = Set.of("pattern", "format");
    private static final Set<String> MAPS = Set.of("properties", "patternProperties");
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
        } else if (BOUNDS.contains(name)) {
            bound(name, node, dialect);
        } else if (COUNTS.contains(name)) {
            Keywords.count(node, name, 0);
        } else if (TEXTS.contains(name)) {
            Keywords.text(value, name);
        } else if (MAPS.contains(name)) {
            Keywords.object(node, name);
        } else if (name.equals("uniqueItems") && !value.isBoolean()) {
            throw GrammarException.malformed("uniqueItems must be true or false");
        } else if (name.equals("required")) {
            ObjectKeywords.required(node);
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
