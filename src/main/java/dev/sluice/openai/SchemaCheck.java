package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// Checks bodies against one JSON Schema: the top level and its scalars. Lists of messages are
/// checked by hand, because a validator takes milliseconds for them: `x-items` in a schema says for
/// which lists. Immutable.
///
/// A valid body costs one cheap pass; only a wrong one is looked at again to find the field.
final class SchemaCheck {
    private static final String BASE_URI = "urn:sluice:";
    private static final String ROOT = "#";

    private final JsonObject schema;
    private final Validator whether;
    private final Validator where;

    private SchemaCheck(JsonObject whole) {
        this.schema = withoutItems(whole);
        this.whether = validator(OutputFormat.Flag);
        this.where = validator(OutputFormat.Basic);
    }

    /// Reads a schema beside this class. Takes a while the first time.
    static SchemaCheck ofResource(String name) {
        return new SchemaCheck(read(name));
    }

    /// Reads a resource beside this class.
    static JsonObject read(String name) {
        try (InputStream in = SchemaCheck.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return new JsonObject(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonObject withoutItems(JsonObject schema) {
        JsonObject reduced = schema.copy();
        if (reduced.containsKey("x-items")) {
            reduced.remove("items");
            reduced.remove("additionalProperties");
        }
        JsonObject properties = reduced.getJsonObject("properties", new JsonObject());
        for (String name : properties.fieldNames()) {
            properties.put(name, withoutItems(properties.getJsonObject(name)));
        }
        return reduced;
    }

    private Validator validator(OutputFormat format) {
        JsonSchemaOptions options =
                new JsonSchemaOptions()
                        .setBaseUri(BASE_URI)
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(format);
        return Validator.create(JsonSchema.of(schema), options);
    }

    /// @throws InvalidRequest naming the first field that is wrong
    void check(Map<String, Object> body) {
        JsonObject instance = new JsonObject(body);
        if (!whether.validate(instance).getValid()) {
            throw firstMistake(instance, where.validate(instance).getErrors());
        }
    }

    /// Errors come from the outside to the inside of the first wrong field, then of the second.
    private InvalidRequest firstMistake(JsonObject instance, List<OutputUnit> errors) {
        OutputUnit deepest = errors.getFirst();
        String field = deepest.getInstanceLocation();
        for (OutputUnit error : errors) {
            String location = error.getInstanceLocation();
            if (!location.equals(field) && !location.startsWith(field + "/")) {
                break;
            }
            deepest = error;
            if (field.equals(ROOT)) {
                break;
            }
        }
        return new SchemaMistake(schema, instance, deepest).toException();
    }
}
