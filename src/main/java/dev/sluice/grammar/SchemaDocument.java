package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Finds the schemas of a document: by place and by reference, relative to the identifiers of the
/// resources that it holds. References to other documents are refused.
///
/// @see "JSON Schema 2020-12, section 8"
final class SchemaDocument {
    private static final URI NO_BASE = URI.create("");
    private static final Set<String> ONE =
            Set.of(
                    "items",
                    "additionalItems",
                    "additionalProperties",
                    "unevaluatedItems",
                    "unevaluatedProperties",
                    "contains",
                    "propertyNames",
                    "not",
                    "if",
                    "then",
                    "else",
                    "contentSchema");
    private static final Set<String> LISTS =
            Set.of("items", "allOf", "anyOf", "oneOf", "prefixItems");
    private static final Set<String> MAPS =
            Set.of(
                    "properties",
                    "patternProperties",
                    "$defs",
                    "definitions",
                    "dependentSchemas",
                    "dependencies");

    private final int maxNesting;
    private final boolean closed;
    private final SchemaResource main;
    private final IdentityHashMap<JsonNode, SchemaResource> embedded = new IdentityHashMap<>();
    private final Map<String, SchemaResource> byUri = new HashMap<>();
    private final Map<String, JsonNode> anchors = new HashMap<>();
    private final Map<String, List<JsonNode>> dynamicAnchors = new HashMap<>();
    private final Map<Place, Schema> schemas = new HashMap<>();
    private final IdentityHashMap<JsonNode, Integer> numbers = new IdentityHashMap<>();
    private final Map<Object, Integer> numbered = new HashMap<>();
    private boolean usesUnevaluated;

    /// Equal texts of one resource are one schema.
    private record Place(int number, SchemaResource resource, Closing closing) {}

    /// @param closed as in [JsonSchemaOptions#closedObjects]
    SchemaDocument(JsonNode root, SchemaDialect dialect, GrammarLimits limits, boolean closed)
            throws GrammarException {
        this.maxNesting = limits.maxNesting();
        this.closed = closed;
        main = new SchemaResource(NO_BASE, root, dialectOf(root, dialect));
        byUri.put("", main);
        register(root, main, 0);
        number(root, 0);
    }

    private SchemaDocument(SchemaDocument other) {
        maxNesting = other.maxNesting;
        closed = other.closed;
        main = other.main;
        usesUnevaluated = other.usesUnevaluated;
        embedded.putAll(other.embedded);
        byUri.putAll(other.byUri);
        anchors.putAll(other.anchors);
        dynamicAnchors.putAll(other.dynamicAnchors);
        numbers.putAll(other.numbers);
    }

    /// The same document, none of whose schemas has been evaluated.
    SchemaDocument copy() {
        return new SchemaDocument(this);
    }

    private static SchemaDialect dialectOf(JsonNode node, SchemaDialect otherwise) {
        JsonNode uri = node.path("$schema");
        return uri.isString() ? SchemaDialect.of(uri.stringValue()).orElse(otherwise) : otherwise;
    }

    Schema root() {
        Closing closing = new Closing(closed, closed, usesUnevaluated);
        return schema(main.root(), embedded.getOrDefault(main.root(), main), "", closing);
    }

    /// Whether some schema may tell which keys and items it has looked at.
    boolean mayTrace() {
        return usesUnevaluated || closed;
    }

    /// A schema for the values inside those of another one.
    Schema child(Schema parent, JsonNode node, String... path) {
        return child(parent, parent.closing().ofValue(usesUnevaluated), node, path);
    }

    /// A schema inside another one.
    Schema child(Schema parent, Closing closing, JsonNode node, String... path) {
        StringBuilder pointer = new StringBuilder(parent.pointer());
        for (String token : path) {
            pointer.append('/').append(token.replace("~", "~0").replace("/", "~1"));
        }
        SchemaResource resource = embedded.getOrDefault(node, parent.resource());
        return schema(node, resource, pointer.toString(), closing);
    }

    private Schema schema(JsonNode node, SchemaResource resource, String path, Closing closing) {
        int number = java.util.Objects.requireNonNull(numbers.get(node));
        return schemas.computeIfAbsent(
                new Place(number, resource, closing),
                _ -> new Schema(node, resource, path, closing));
    }

    /// Gives equal texts the same number, so that they need not be compared again.
    private int number(JsonNode node, int depth) throws GrammarException {
        if (depth > 3 * maxNesting) {
            throw GrammarException.tooLarge(
                    "the schema is nested deeper than %d levels".formatted(maxNesting));
        }
        Object key = node;
        if (node.isContainer()) {
            List<Object> parts = new ArrayList<>();
            parts.add(node.isArray());
            if (node.isArray()) {
                for (JsonNode item : node) {
                    parts.add(number(item, depth + 1));
                }
            } else {
                for (Map.Entry<String, JsonNode> entry : node.properties()) {
                    parts.add(entry.getKey());
                    parts.add(number(entry.getValue(), depth + 1));
                }
            }
            key = parts;
        }
        int number = numbered.computeIfAbsent(key, _ -> numbered.size());
        numbers.put(node, number);
        return number;
    }

    private void register(JsonNode node, SchemaResource outer, int depth) throws GrammarException {
        if (!node.isObject() || depth > maxNesting) {
            if (depth > maxNesting) {
                throw GrammarException.tooLarge(
                        "the schema is nested deeper than %d levels".formatted(maxNesting));
            }
            return;
        }
        SchemaResource resource = identified(node, outer);
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String keyword = entry.getKey();
            JsonNode value = entry.getValue();
            switch (keyword) {
                case "$anchor" -> anchor(resource, value, node);
                case "$dynamicAnchor" -> {
                    anchor(resource, value, node);
                    dynamicAnchors.computeIfAbsent(text(value), _ -> new ArrayList<>()).add(node);
                }
                case "unevaluatedProperties", "unevaluatedItems" -> usesUnevaluated = true;
                default -> {}
            }
            if (value.isObject() && ONE.contains(keyword)) {
                register(value, resource, depth + 1);
            } else if (value.isArray() && LISTS.contains(keyword)) {
                for (JsonNode item : value) {
                    register(item, resource, depth + 1);
                }
            } else if (value.isObject() && MAPS.contains(keyword)) {
                for (JsonNode item : value) {
                    register(item, resource, depth + 1);
                }
            }
        }
    }

    private static String text(JsonNode node) {
        return node.isString() ? node.stringValue() : "";
    }

    private void anchor(SchemaResource resource, JsonNode name, JsonNode node) {
        anchors.putIfAbsent(resource.base() + "#" + text(name), node);
        embedded.putIfAbsent(node, resource);
    }

    private SchemaResource identified(JsonNode node, SchemaResource outer) {
        SchemaDialect dialect = dialectOf(node, outer.dialect());
        JsonNode id = node.path(dialect.idKeyword());
        boolean ignored = dialect.ignoresSiblingsOfRef() && node.has("$ref");
        if (!id.isString() || ignored) {
            embedded.put(node, outer);
            return outer;
        }
        String text = id.stringValue();
        int fragment = text.indexOf('#');
        if (fragment == 0) {
            anchors.putIfAbsent(outer.base() + text, node);
            embedded.putIfAbsent(node, outer);
            return outer;
        }
        URI base = resolve(outer.base(), fragment < 0 ? text : text.substring(0, fragment));
        SchemaResource resource = new SchemaResource(base, node, dialect);
        byUri.putIfAbsent(base.toString(), resource);
        embedded.put(node, resource);
        if (fragment > 0 && fragment < text.length() - 1) {
            anchors.putIfAbsent(base + text.substring(fragment), node);
        }
        return resource;
    }

    private static URI resolve(URI base, String reference) {
        try {
            URI uri = URI.create(reference);
            if (base.isOpaque()) {
                return reference.isEmpty() ? base : uri;
            }
            // Two cases that java.net does not know: an empty reference, a base without a path.
            if (reference.isEmpty()) {
                return base;
            }
            boolean bare = base.getAuthority() != null && base.getPath().isEmpty();
            return (bare ? URI.create(base + "/") : base).resolve(uri);
        } catch (IllegalArgumentException e) {
            return URI.create("invalid:" + Integer.toHexString(reference.hashCode()));
        }
    }

    /// The schema that a `$ref` means.
    ///
    /// @throws GrammarException if it is not part of the document
    Schema referenced(Schema from, Closing closing, String reference) throws GrammarException {
        int hash = reference.indexOf('#');
        String address = hash < 0 ? reference : reference.substring(0, hash);
        String fragment = hash < 0 ? "" : reference.substring(hash + 1);
        URI base = resolve(from.resource().base(), address);
        SchemaResource resource = address.isEmpty() ? from.resource() : byUri.get(base.toString());
        if (resource == null) {
            throw GrammarException.unsupported(
                    "$ref \"%s\" at %s points to another document, which is not fetched"
                            .formatted(reference, from.path()));
        }
        Schema found = inResource(resource, decoded(fragment), closing);
        if (found == null && address.isEmpty() && resource.dialect().ignoresSiblingsOfRef()) {
            // Old schemas name their parts without meaning to move the root of their pointers.
            found = inResource(main, decoded(fragment), closing);
        }
        if (found == null) {
            throw GrammarException.malformed(
                    "$ref \"%s\" at %s points to nothing".formatted(reference, from.path()));
        }
        return found;
    }

    /// The schema that a `$dynamicRef` means, where that does not depend on how it is reached.
    Schema dynamicallyReferenced(Schema from, Closing closing, String reference)
            throws GrammarException {
        Schema target = referenced(from, closing, reference);
        String name = reference.substring(reference.indexOf('#') + 1);
        JsonNode anchor = target.node().path("$dynamicAnchor");
        boolean isDynamic =
                !name.startsWith("/") && anchor.isString() && anchor.stringValue().equals(name);
        if (isDynamic && dynamicAnchors.getOrDefault(name, List.of()).size() > 1) {
            throw GrammarException.unsupported(
                    "$dynamicRef \"%s\" at %s has several possible targets, which is not supported"
                            .formatted(reference, from.path()));
        }
        return target;
    }

    private static String decoded(String fragment) {
        try {
            return fragment.indexOf('%') < 0
                    ? fragment
                    : URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return fragment;
        }
    }

    private @Nullable Schema inResource(SchemaResource resource, String fragment, Closing closing) {
        if (fragment.isEmpty() || fragment.startsWith("/")) {
            return atPointer(resource, fragment, closing);
        }
        JsonNode node = anchors.get(resource.base() + "#" + fragment);
        return node == null
                ? null
                : schema(node, embedded.getOrDefault(node, resource), "#" + fragment, closing);
    }

    private @Nullable Schema atPointer(SchemaResource start, String pointer, Closing closing) {
        SchemaResource resource = start;
        JsonNode node = start.root();
        String[] tokens = pointer.isEmpty() ? new String[0] : pointer.substring(1).split("/", -1);
        for (String token : tokens) {
            String name = token.replace("~1", "/").replace("~0", "~");
            JsonNode next =
                    node.isArray() && name.matches("\\d{1,9}")
                            ? node.get(Integer.parseInt(name))
                            : node.isObject() ? node.get(name) : null;
            if (next == null) {
                return null;
            }
            node = next;
            resource = embedded.getOrDefault(node, resource);
        }
        return node.isObject() || node.isBoolean()
                ? schema(node, resource, pointer, closing)
                : null;
    }
}
