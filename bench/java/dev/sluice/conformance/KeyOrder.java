package dev.sluice.conformance;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Puts the keys of an instance into the order in which a schema names them first.
final class KeyOrder {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Map<String, Integer> places = new HashMap<>();

    KeyOrder(JsonNode schema) {
        collect(schema);
    }

    private void collect(JsonNode node) {
        node.path("properties")
                .properties()
                .forEach(e -> places.putIfAbsent(e.getKey(), places.size()));
        node.path("required").forEach(name -> places.putIfAbsent(name.asString(""), places.size()));
        node.forEach(this::collect);
    }

    /// The same instance with its keys in another order.
    Optional<String> reordered(String instance) {
        try {
            return Optional.of(sorted(JSON.readTree(instance)).toString());
        } catch (JacksonException _) {
            return Optional.empty();
        }
    }

    private JsonNode sorted(JsonNode node) {
        if (node.isArray()) {
            ArrayNode array = JSON.createArrayNode();
            node.forEach(item -> array.add(sorted(item)));
            return array;
        }
        if (!node.isObject()) {
            return node;
        }
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(node.properties());
        entries.sort(
                Comparator.comparingInt(e -> places.getOrDefault(e.getKey(), Integer.MAX_VALUE)));
        ObjectNode object = JSON.createObjectNode();
        entries.forEach(e -> object.set(e.getKey(), sorted(e.getValue())));
        return object;
    }
}
