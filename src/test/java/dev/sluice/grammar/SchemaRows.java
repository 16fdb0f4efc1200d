package dev.sluice.grammar;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Judges the rows of files of facts: schemas, texts and whether these are valid.
final class SchemaRows {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    private final Map<String, Optional<Machine>> machines = new HashMap<>();
    private final List<String> wronglyAccepted = new ArrayList<>();
    private int rows;
    private int right;
    private int validOfCompiled;
    private int validAccepted;

    static JsonNode json(String text) {
        return MAPPER.readTree(text);
    }

    /// Compiles a schema with any white space.
    static Machine machine(JsonNode schema) throws GrammarException {
        JsonSchemaOptions options =
                JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.ANY);
        return machine(schema, options);
    }

    static Machine machine(JsonNode schema, JsonSchemaOptions options) throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        SchemaRule rule = new JsonSchemaCompiler(options).compile(schema, builder);
        return new Machine(builder.build(rule.rule()), GrammarLimits.DEFAULT);
    }

    /// @param kind of the rows that count; empty if all do
    static SchemaRows judge(Path file, String kind) throws IOException {
        SchemaRows result = new SchemaRows();
        for (String line : Files.readAllLines(file)) {
            JsonNode row = json(line);
            JsonNode valid = row.path(row.has("spec_valid") ? "spec_valid" : "valid");
            if (valid.isBoolean()
                    && (kind.isEmpty() || kind.equals(row.path("kind").asString("")))) {
                JsonNode schema =
                        row.has("grammar")
                                ? json(row.path("grammar").stringValue())
                                : row.path("schema");
                String text = row.path(row.has("input") ? "input" : "instance").asString("");
                result.judge(schema, text, valid.booleanValue());
            }
        }
        return result;
    }

    private void judge(JsonNode schema, String text, boolean valid) {
        rows++;
        Optional<Machine> machine =
                machines.computeIfAbsent(schema.toString(), _ -> compiled(schema));
        if (machine.isEmpty()) {
            return;
        }
        boolean accepted = GrammarTexts.accepts(machine.get(), text);
        right += accepted == valid ? 1 : 0;
        validOfCompiled += valid ? 1 : 0;
        validAccepted += valid && accepted ? 1 : 0;
        if (accepted && !valid) {
            wronglyAccepted.add(text + " by " + schema);
        }
    }

    private static Optional<Machine> compiled(JsonNode schema) {
        try {
            return Optional.of(machine(schema));
        } catch (GrammarException e) {
            return Optional.empty();
        }
    }

    List<String> wronglyAccepted() {
        return wronglyAccepted;
    }

    double shareRight() {
        return right / (double) rows;
    }

    double shareCompiled() {
        return machines.values().stream().filter(Optional::isPresent).count()
                / (double) machines.size();
    }

    double shareOfValidAccepted() {
        return validAccepted / (double) validOfCompiled;
    }
}
