package dev.sluice.guided;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonFormatValidator;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaException;
import io.vertx.json.schema.Validator;

import java.util.Optional;

/// What a validator that is not ours says of a text.
public final class SchemaCheck {
    private SchemaCheck() {}

    /// What the validator found.
    ///
    /// @param judged whether it could read the schema
    /// @param problem what is wrong with the text, if anything
    public record Verdict(boolean judged, Optional<String> problem) {}

    /// Validates a text.
    public static Verdict check(String schema, String text) {
        Object value;
        try {
            value = Json.decodeValue(text);
        } catch (DecodeException e) {
            return new Verdict(true, Optional.of("no JSON: " + e.getMessage()));
        }
        JsonObject json = new JsonObject(schema);
        try {
            OutputUnit result = validator(json).validate(value);
            return new Verdict(
                    true,
                    Boolean.TRUE.equals(result.getValid())
                            ? Optional.empty()
                            : Optional.of(String.valueOf(result.getErrors())));
        } catch (SchemaException | UnsupportedOperationException _) {
            return new Verdict(false, Optional.empty());
        }
    }

    private static Validator validator(JsonObject schema) {
        return Validator.create(
                JsonSchema.of(schema),
                new JsonSchemaOptions()
                        .setBaseUri("https://sluice.invalid/")
                        .setDraft(draft(schema.getString("$schema", ""))),
                JsonFormatValidator.DEFAULT_VALIDATOR);
    }

    private static Draft draft(String dialect) {
        if (dialect.contains("draft-04")) {
            return Draft.DRAFT4;
        }
        return dialect.contains("draft-07") || dialect.contains("draft-06")
                ? Draft.DRAFT7
                : dialect.contains("2019-09") ? Draft.DRAFT201909 : Draft.DRAFT202012;
    }
}
