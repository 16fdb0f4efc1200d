package dev.sluice.guided;

import static java.util.Objects.requireNonNull;

import com.networknt.schema.Error;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.format.Format;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a validator that is not ours says of a text.
///
/// Numbers are decimals, as they are written: in binary 154.98 is no multiple of 0.01. The formats
/// that the server knows are demanded, the others are annotations.
public final class SchemaCheck {
    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNumberLength(Integer.MAX_VALUE)
                                                    .maxNestingDepth(10_000)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();
    private static final SchemaLocation HERE = SchemaLocation.of("https://sluice.invalid/schema");

    private static final Set<String> ANNOTATIONS =
            Set.of("idn-email", "idn-hostname", "iri", "iri-reference", "regex");
    private static final SchemaRegistryConfig DEMANDS_FORMATS =
            SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build();
    private static final Map<SpecificationVersion, Dialect> DIALECTS =
            Stream.of(
                            Dialects.getDraft4(),
                            Dialects.getDraft6(),
                            Dialects.getDraft7(),
                            Dialects.getDraft201909(),
                            Dialects.getDraft202012())
                    .map(SchemaCheck::dialect)
                    .collect(
                            Collectors.toUnmodifiableMap(
                                    Dialect::getSpecificationVersion, dialect -> dialect));

    private SchemaCheck() {}

    /// What the validator found.
    ///
    /// @param judged whether it could read the schema
    /// @param problem what is wrong with the text, if anything
    public record Verdict(boolean judged, Optional<String> problem) {}

    /// Validates a text.
    public static Verdict check(String schema, String text) {
        JsonNode value;
        try {
            value = JSON.readTree(text);
        } catch (JacksonException e) {
            return new Verdict(true, Optional.of("no JSON: " + e.getOriginalMessage()));
        }
        try {
            List<Error> errors = schema(JSON.readTree(schema)).validate(value);
            return new Verdict(
                    true,
                    errors.isEmpty()
                            ? Optional.empty()
                            : Optional.of(
                                    errors.stream()
                                            .map(Error::toString)
                                            .collect(Collectors.joining("; "))));
        } catch (SchemaException _) {
            return new Verdict(false, Optional.empty());
        }
    }

    private static Schema schema(JsonNode schema) {
        SpecificationVersion version =
                SpecificationVersion.fromSchemaNode(schema)
                        .orElse(SpecificationVersion.DRAFT_2020_12);
        Dialect dialect = requireNonNull(DIALECTS.get(version));
        if (schema instanceof ObjectNode root) {
            // Else it would look the name up among its own, by its exact spelling.
            root.remove("$schema");
        }
        return SchemaRegistry.withDialect(
                        dialect, registry -> registry.schemaRegistryConfig(DEMANDS_FORMATS))
                .getSchema(HERE, schema);
    }

    private static Dialect dialect(Dialect dialect) {
        return Dialect.builder(dialect).formats(SchemaCheck::leaveOut).build();
    }

    private static void leaveOut(Map<String, Format> formats) {
        formats.keySet().removeAll(ANNOTATIONS);
        formats.put("email", new Email());
    }

    /// Addresses; the validator's own format knows which top-level domains there are.
    private record Email() implements Format {
        @Override
        public String getName() {
            return "email";
        }

        @Override
        public boolean matches(ExecutionContext context, String value) {
            return value.matches("(?s).+@.+");
        }
    }
}
