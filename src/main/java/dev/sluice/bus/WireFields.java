package dev.sluice.bus;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/// The fields of a JSON object that came over a clustered bus. One that is missing or of another
/// type is refused by its path, as an [InvalidRequest].
///
/// @param path names of the fields that lead here, each with a dot behind it
record WireFields(JsonObject json, String path) {
    private static final String INVALID = "invalid_value";

    /// The fields of a whole message.
    static WireFields of(JsonObject json) {
        return new WireFields(json, "");
    }

    String text(String name) {
        return required(name, String.class, "a string");
    }

    Optional<String> optionalText(String name) {
        return optional(name, String.class, "a string");
    }

    boolean flag(String name) {
        return required(name, Boolean.class, "a boolean");
    }

    int integer(String name) {
        return toInt(required(name, Number.class, "an integer"), name);
    }

    OptionalInt optionalInt(String name) {
        return optional(name, Number.class, "an integer").stream()
                .mapToInt(value -> toInt(value, name))
                .findFirst();
    }

    long longInteger(String name) {
        Number number = required(name, Number.class, "an integer");
        if (number instanceof Integer || number instanceof Long) {
            return number.longValue();
        }
        throw wrong(name, "an integer of 64 bits");
    }

    float number(String name) {
        try {
            return WireForms.toFloat(required(name, Object.class, "a number"));
        } catch (NumberFormatException _) {
            throw wrong(name, "a number");
        }
    }

    /// A token id that is the name of a field.
    int toId(String name) {
        try {
            return Integer.parseInt(name);
        } catch (NumberFormatException _) {
            throw wrong(name, "a token id");
        }
    }

    WireFields object(String name) {
        return inside(required(name, JsonObject.class, "an object"), name);
    }

    Optional<WireFields> optionalObject(String name) {
        return optional(name, JsonObject.class, "an object").map(value -> inside(value, name));
    }

    List<String> texts(String name) {
        return list(name, value -> to(String.class, value, name, "an array of strings"));
    }

    List<Integer> integers(String name) {
        return list(name, value -> toInt(value, name));
    }

    TokenIds ids(String name) {
        return toIds(required(name, JsonArray.class, "an array of token ids"), name);
    }

    Optional<TokenIds> optionalIds(String name) {
        return optional(name, JsonArray.class, "an array of token ids")
                .map(value -> toIds(value, name));
    }

    List<TokenIds> idLists(String name) {
        return list(
                name,
                value -> toIds(to(JsonArray.class, value, name, "arrays of token ids"), name));
    }

    private <T> List<T> list(String name, Function<Object, T> element) {
        List<T> list = new ArrayList<>();
        required(name, JsonArray.class, "an array").forEach(e -> list.add(element.apply(e)));
        return list;
    }

    private TokenIds toIds(JsonArray array, String name) {
        return TokenIds.of(array.stream().mapToInt(id -> toInt(id, name)).toArray());
    }

    private int toInt(Object value, String name) {
        Number number = to(Number.class, value, name, "an integer");
        if (number.intValue() != number.doubleValue()) {
            throw wrong(name, "an integer of 32 bits");
        }
        return number.intValue();
    }

    private WireFields inside(JsonObject value, String name) {
        return new WireFields(value, path + name + ".");
    }

    private <T> T required(String name, Class<T> type, String expected) {
        return optional(name, type, expected)
                .orElseThrow(() ->
                        new InvalidRequest(
                                "%s%s is missing.".formatted(path, name),
                                path + name,
                                "missing_required_parameter"));
    }

    private <T> Optional<T> optional(String name, Class<T> type, String expected) {
        return Optional.ofNullable(json.getValue(name))
                .map(value -> to(type, value, name, expected));
    }

    private <T> T to(Class<T> type, Object value, String name, String expected) {
        if (!type.isInstance(value)) {
            throw wrong(name, expected);
        }
        return type.cast(value);
    }

    /// A field does not hold what it should.
    InvalidRequest wrong(String name, String expected) {
        return new InvalidRequest(
                "%s%s must be %s.".formatted(path, name, expected), path + name, INVALID);
    }
}
