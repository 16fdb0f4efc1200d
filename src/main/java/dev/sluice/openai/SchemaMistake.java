package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import io.vertx.json.schema.OutputUnit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Says in words which keyword of a schema a body broke.
///
/// @param schema the whole schema
/// @param instance the whole body
/// @param error the innermost error of the validator
record SchemaMistake(JsonObject schema, JsonObject instance, OutputUnit error) {
    private static final Map<String, String> TYPES =
            Map.of(
                    "string", "string",
                    "integer", "integer",
                    "number", "number",
                    "boolean", "boolean",
                    "array", "list",
                    "object", "dictionary");

    InvalidRequest toException() {
        List<String> path = segments(error.getInstanceLocation());
        String keyword = segments(error.getKeywordLocation()).getLast();
        if (keyword.equals("required")) {
            String missing = firstMissing();
            return path.isEmpty()
                    ? Invalid.missing(missing)
                    : Invalid.field(
                            path.getFirst(), place(path) + "." + missing + ": Field required");
        }
        String message = message(keyword);
        if (path.isEmpty()) {
            return Invalid.body(message);
        }
        return Invalid.field(
                path.getFirst(), path.size() == 1 ? message : place(path) + ": " + message);
    }

    private String firstMissing() {
        JsonObject object = (JsonObject) at(instance, error.getInstanceLocation());
        return ((JsonArray) rule())
                .stream()
                        .map(String.class::cast)
                        .filter(name -> !object.containsKey(name))
                        .findFirst()
                        .orElseThrow();
    }

    private String message(String keyword) {
        return switch (keyword) {
            case "type" -> ownMessage().orElseGet(this::wrongType);
            case "minimum" -> "Input should be greater than or equal to " + rule();
            case "maximum" -> "Input should be less than or equal to " + rule();
            case "exclusiveMinimum" -> "Input should be greater than " + rule();
            case "minLength" -> "String should have at least " + rule() + " character(s)";
            case "maxLength" -> "String should have at most " + rule() + " characters";
            case "enum" -> "Input should be " + oneOf((JsonArray) rule());
            default -> String.valueOf(error.getError());
        };
    }

    /// The schema's own words for a wrong type, where clients of this protocol know others.
    private Optional<String> ownMessage() {
        String keyword = error.getKeywordLocation();
        Object parent = at(schema, keyword.substring(0, keyword.lastIndexOf('/')));
        return parent instanceof JsonObject rules
                ? Optional.ofNullable(rules.getString("x-message"))
                : Optional.empty();
    }

    private String wrongType() {
        List<String> types =
                (rule() instanceof JsonArray several ? several.stream() : Stream.of(rule()))
                        .map(String.class::cast)
                        .filter(TYPES::containsKey)
                        .toList();
        String expected =
                "Input should be a valid "
                        + types.stream().map(TYPES::get).collect(Collectors.joining(" or "));
        if (types.equals(List.of("integer"))
                && at(instance, error.getInstanceLocation()) instanceof Number number) {
            return expected
                    + (Double.isFinite(number.doubleValue())
                            ? ", got a number with a fractional part"
                            : ", got a number out of range");
        }
        return expected;
    }

    private static String oneOf(JsonArray values) {
        List<String> quoted = values.stream().map(value -> "'" + value + "'").toList();
        String all = String.join(", ", quoted.subList(0, quoted.size() - 1));
        return all.isEmpty() ? quoted.getLast() : all + " or " + quoted.getLast();
    }

    private Object rule() {
        return at(schema, error.getKeywordLocation());
    }

    private static Object at(JsonObject root, String location) {
        return JsonPointer.from(location.substring(1)).queryJson(root);
    }

    private static List<String> segments(String location) {
        return Stream.of(location.split("/"))
                .skip(1)
                .map(s -> s.replace("~1", "/").replace("~0", "~"))
                .toList();
    }

    private static String place(List<String> path) {
        StringBuilder place = new StringBuilder(path.getFirst());
        for (String segment : path.subList(1, path.size())) {
            boolean index = !segment.isEmpty() && segment.chars().allMatch(Character::isDigit);
            place.append(index ? "[" + segment + "]" : "." + segment);
        }
        return place.toString();
    }
}
