package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Closes objects that several schemas describe together ([Closing]): a key that one of them
/// declares is not unknown to the others, as with `unevaluatedProperties`.
final class ClosedParts {
    private final SchemaEvaluator evaluator;
    private final Map<Schema, Boolean> together = new HashMap<>();

    ClosedParts(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /// Whether a schema closes its objects with `properties` and `patternProperties` of its own
    /// alone.
    static boolean isClosedAlone(Schema schema) {
        JsonNode node = schema.node();
        return schema.closing().here()
                && !saysItself(node)
                && declaresItself(node)
                && Applicators.PARTS.stream().noneMatch(part -> isPart(node, part));
    }

    /// How a schema for the same value is closed, which another one applies.
    Closing ofPart(Schema schema) throws GrammarException {
        Closing closing = schema.closing();
        if (!closing.here() || passesOn(schema)) {
            return closing;
        }
        return isTogether(schema) ? closing.ofPart() : closing.ofOpen();
    }

    /// Whether a schema needs to know which keys have been looked at.
    boolean traces(Schema schema) throws GrammarException {
        return schema.closing().traces() || isTogether(schema);
    }

    /// The values whose objects have no keys but those that some part has looked at, if the schema
    /// closes what its parts describe.
    ValueSet closed(Schema schema, ValueSet values) throws GrammarException {
        if (!isTogether(schema)) {
            return values;
        }
        ValueSet closed = evaluator.whereUnevaluated(values, Term.NONE);
        return schema.closing().traces() ? closed : evaluator.algebra.unevaluated(closed);
    }

    private boolean isTogether(Schema schema) throws GrammarException {
        if (schema.isUnion() || !schema.closing().here() || saysItself(schema.node())) {
            return false;
        }
        Boolean known = together.get(schema);
        if (known == null) {
            JsonNode node = schema.node();
            known =
                    Applicators.PARTS.stream().anyMatch(part -> isPart(node, part))
                            && !passesOn(schema)
                            && isDeclaredSomewhere(schema);
            together.put(schema, known);
        }
        return known;
    }

    /// Whether it only stands for another schema, or for one of several.
    private static boolean passesOn(Schema schema) {
        JsonNode node = schema.node();
        if (node.path("$ref").isString() && schema.resource().dialect().ignoresSiblingsOfRef()) {
            return true;
        }
        List<String> parts = Applicators.PARTS.stream().filter(part -> isPart(node, part)).toList();
        if (parts.size() != 1 || saysItself(node) || declaresItself(node)) {
            return false;
        }
        return switch (parts.getFirst()) {
            case "$ref", "$dynamicRef", "$recursiveRef", "anyOf", "oneOf" -> true;
            case "allOf" -> node.path("allOf").size() == 1;
            default -> false;
        };
    }

    /// Listed values say which keys they have.
    private static boolean saysItself(JsonNode node) {
        return node.has("additionalProperties")
                || node.has("unevaluatedProperties")
                || node.has("const")
                || node.has("enum");
    }

    private static boolean declaresItself(JsonNode node) {
        return node.has("properties") || node.has("patternProperties");
    }

    private static boolean isPart(JsonNode node, String keyword) {
        JsonNode value = node.path(keyword);
        return keyword.equals("dependencies")
                ? value.valueStream().anyMatch(JsonNode::isObject)
                : !value.isMissingNode();
    }

    private boolean isDeclaredSomewhere(Schema whole) throws GrammarException {
        Set<Schema> seen = new HashSet<>();
        Deque<Schema> work = new ArrayDeque<>();
        work.add(whole);
        while (!work.isEmpty()) {
            Schema schema = work.remove();
            if (!schema.node().isObject() || !seen.add(schema)) {
                continue;
            }
            if (declaresItself(schema.node())) {
                return true;
            }
            for (String part : Applicators.PARTS) {
                add(work, schema, part);
            }
            add(work, schema, "then");
            add(work, schema, "else");
        }
        return false;
    }

    private void add(Deque<Schema> work, Schema schema, String keyword) throws GrammarException {
        SchemaDocument document = evaluator.document;
        Closing open = schema.closing().ofCondition();
        JsonNode value = schema.node().path(keyword);
        switch (keyword) {
            case "$ref", "$dynamicRef" -> {
                if (value.isString()) {
                    work.add(document.referenced(schema, open, value.stringValue()));
                }
            }
            case "allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies" -> {
                for (JsonNode one : value) {
                    work.add(document.child(schema, open, one, keyword));
                }
            }
            default -> {
                if (value.isObject()) {
                    work.add(document.child(schema, open, value, keyword));
                }
            }
        }
    }
}
