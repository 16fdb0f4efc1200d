package dev.sluice.guided;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Schemas of MaskBench for which texts are written.
///
/// @param bounded those whose strings and arrays have a largest length
/// @param any the others
public record SchemaSample(List<String> bounded, List<String> any) {
    private static final Set<String> BOUNDED_FORMATS =
            Set.of("date", "time", "date-time", "uuid", "ipv4", "ipv6");
    private static final Set<String> MAPS =
            Set.of("properties", "patternProperties", "$defs", "definitions");
    private static final Set<String> SCHEMAS =
            Set.of("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf");

    public SchemaSample {
        bounded = List.copyOf(bounded);
        any = List.copyOf(any);
    }

    /// Takes the first schemas of each kind.
    ///
    /// @param file rows with a `schema`
    /// @param count how many of each kind
    /// @param longest most characters of one
    /// @param usable whether a schema can be enforced
    public static SchemaSample read(Path file, int count, int longest, Predicate<String> usable)
            throws IOException {
        List<String> bounded = new ArrayList<>();
        List<String> any = new ArrayList<>();
        try (Stream<String> lines = Files.lines(file)) {
            Stream<JsonObject> schemas =
                    lines.map(line -> new JsonObject(line).getValue("schema"))
                            .filter(JsonObject.class::isInstance)
                            .map(JsonObject.class::cast)
                            .distinct();
            for (JsonObject schema : (Iterable<JsonObject>) schemas::iterator) {
                List<String> kind = isBounded(schema) ? bounded : any;
                String text = schema.encode();
                if (kind.size() < count && text.length() <= longest && usable.test(text)) {
                    kind.add(text);
                }
            }
        }
        return new SchemaSample(bounded, any);
    }

    private static boolean isBounded(Object part) {
        return switch (part) {
            case JsonArray list -> list.stream().allMatch(SchemaSample::isBounded);
            case JsonObject schema -> isBounded(schema);
            default -> true;
        };
    }

    private static boolean isBounded(JsonObject schema) {
        if (schema.containsKey("enum") || schema.containsKey("const")) {
            return true;
        }
        boolean text =
                !hasType(schema, "string")
                        || schema.containsKey("maxLength")
                        || schema.containsKey("pattern")
                        || BOUNDED_FORMATS.contains(String.valueOf(schema.getValue("format")));
        boolean list = !hasType(schema, "array") || schema.containsKey("maxItems");
        return text && list && schema.stream().allMatch(e -> isBounded(e.getKey(), e.getValue()));
    }

    private static boolean isBounded(String keyword, Object value) {
        if (MAPS.contains(keyword) && value instanceof JsonObject map) {
            return map.stream()
                    .map(java.util.Map.Entry::getValue)
                    .allMatch(SchemaSample::isBounded);
        }
        return !SCHEMAS.contains(keyword) || isBounded(value);
    }

    private static boolean hasType(JsonObject schema, String type) {
        Object value = schema.getValue("type", "");
        return value.equals(type) || (value instanceof JsonArray list && list.contains(type));
    }
}
