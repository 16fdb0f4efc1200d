package dev.sluice.testing;

import dev.sluice.openai.OpenApi;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Compares answers with the OpenAPI document: each must be valid, and a field that the document
/// does not name is a failure.
public final class DocumentedAnswers {
    private static final String SCHEMAS = "#/components/schemas/";
    private static final JsonObject DOCUMENT = OpenApi.document("test");
    private static final JsonObject CLOSED = closedSchemas();
    private static final Map<String, Validator> VALIDATORS = new ConcurrentHashMap<>();

    private DocumentedAnswers() {}

    /// Compares what a route has answered, whole or as a stream.
    ///
    /// @throws AssertionError if the document says something else
    public static void check(String method, String path, int status, String body) {
        if (status >= 400) {
            checkAs("Error", new JsonObject(body));
            return;
        }
        String route = path.startsWith("/v1/models/") ? "/v1/models/{id}" : path;
        JsonObject content = content(method, route);
        if (content.containsKey("text/event-stream") && !body.startsWith("{")) {
            String chunk = schemaOf(content, "text/event-stream", "x-data").orElseThrow();
            for (JsonObject data : SseEvents.parse(body).chunks()) {
                checkAs(data.containsKey("error") ? "Error" : chunk, data);
            }
        } else {
            schemaOf(content, "application/json", "")
                    .ifPresent(schema -> checkAs(schema, new JsonObject(body)));
        }
    }

    private static JsonObject content(String method, String route) {
        JsonObject path = DOCUMENT.getJsonObject("paths").getJsonObject(route);
        if (path == null || path.getJsonObject(method) == null) {
            throw new AssertionError("not in the document: " + method + " " + route);
        }
        return path.getJsonObject(method)
                .getJsonObject("responses")
                .getJsonObject("200")
                .getJsonObject("content", new JsonObject());
    }

    /// The name of a type's schema, if it refers to one.
    private static Optional<String> schemaOf(JsonObject content, String type, String within) {
        return Optional.ofNullable(content.getJsonObject(type))
                .map(entry -> entry.getJsonObject("schema"))
                .map(schema -> within.isEmpty() ? schema : schema.getJsonObject(within))
                .map(schema -> schema.getString("$ref"))
                .map(reference -> reference.substring(SCHEMAS.length()));
    }

    /// Compares an object with a schema of the document.
    ///
    /// @throws AssertionError if it is not valid, or has further fields
    public static void checkAs(String schema, JsonObject value) {
        OutputUnit result =
                VALIDATORS.computeIfAbsent(schema, DocumentedAnswers::validator).validate(value);
        if (!result.getValid()) {
            OutputUnit deepest = result.getErrors().getLast();
            throw new AssertionError(
                    "no %s: %s at %s (%s): %s"
                            .formatted(
                                    schema,
                                    deepest.getError(),
                                    deepest.getInstanceLocation(),
                                    deepest.getKeywordLocation(),
                                    value));
        }
    }

    private static Validator validator(String schema) {
        JsonObject whole =
                new JsonObject().put("$ref", "#/$defs/" + schema).put("$defs", CLOSED.copy());
        return Validator.create(
                JsonSchema.of(whole),
                new JsonSchemaOptions()
                        .setBaseUri("urn:sluice:" + schema)
                        .setDraft(Draft.DRAFT202012)
                        .setOutputFormat(OutputFormat.Basic));
    }

    private static JsonObject closedSchemas() {
        String text = DOCUMENT.getJsonObject("components").getJsonObject("schemas").encode();
        JsonObject schemas = new JsonObject(text.replace(SCHEMAS, "#/$defs/"));
        schemas.forEach(entry -> close(entry.getValue()));
        return schemas;
    }

    private static void close(Object node) {
        if (node instanceof JsonObject object) {
            object.forEach(entry -> close(entry.getValue()));
            if (object.getValue("properties") instanceof JsonObject
                    && !object.containsKey("additionalProperties")) {
                object.put("additionalProperties", false);
            }
        } else if (node instanceof JsonArray array) {
            array.forEach(DocumentedAnswers::close);
        }
    }
}
