package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.util.List;

/// One schema of a document, or a union that the compiler made up. Compared by identity:
/// [SchemaDocument] gives equal schemas the same object.
final class Schema {
    private final @Nullable JsonNode node;
    private final SchemaResource resource;
    private final String path;
    private final Closing closing;
    private final List<Term> union;

    /// The values that it allows, once known.
    @Nullable ValueSet values;

    /// The values that it does not allow, once known.
    @Nullable Complement others;

    /// How many values deep [SchemaEvaluator] was when it began with this, or -1.
    int openAt = -1;

    Schema(JsonNode node, SchemaResource resource, String path, Closing closing) {
        this.node = node;
        this.resource = resource;
        this.path = path;
        this.closing = closing;
        this.union = List.of();
    }

    /// What any of some terms allows.
    Schema(List<Term> union, Schema origin) {
        this.node = null;
        this.resource = origin.resource;
        this.path = origin.path;
        this.closing = origin.closing;
        this.union = List.copyOf(union);
    }

    /// The text of the schema; call only if [#isUnion] is false.
    JsonNode node() {
        return java.util.Objects.requireNonNull(node);
    }

    SchemaResource resource() {
        return resource;
    }

    /// JSON pointer from the root of the document, for messages.
    String path() {
        return path.isEmpty() ? "the root" : path;
    }

    Closing closing() {
        return closing;
    }

    String pointer() {
        return path;
    }

    boolean isUnion() {
        return node == null;
    }

    List<Term> union() {
        return union;
    }

    boolean isTrue() {
        return node != null
                && (node.isBoolean() ? node.booleanValue() : node.isObject() && node.isEmpty());
    }

    boolean isFalse() {
        return node == null ? union.isEmpty() : node.isBoolean() && !node.booleanValue();
    }

    @Override
    public String toString() {
        return path;
    }
}
