package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

/// Turns JSON Schemas into rules: texts that follow them are JSON values that the schema allows.
///
/// A schema becomes a set of values in a normal form ([ValueSet]), in which keywords are combined
/// by intersection, union and complement; the sets become automata. What is accepted is enforced
/// exactly, with two exceptions that only make it stricter: the listed keys of an object come in
/// the order in which they are declared, unless any is asked for, and numbers with exponents are
/// accepted where they can be told from the digits before them. What can't be enforced is refused
/// by name.
///
/// Duplicate keys are possible among those that a schema does not list.
///
/// @see "JSON Schema 2020-12; draft 4, 6, 7 and 2019-09 where they differ"
final class JsonSchemaCompiler {
    private final JsonSchemaOptions options;

    JsonSchemaCompiler(JsonSchemaOptions options) {
        this.options = options;
    }

    /// Adds the rules of a schema.
    ///
    /// @throws GrammarException if the schema is malformed, asks for what can't be enforced, or
    ///   passes a limit
    SchemaRule compile(JsonNode schema, GrammarBuilder builder) throws GrammarException {
        SchemaDocument document =
                new SchemaDocument(
                        schema, options.dialect(), builder.limits(), options.closedObjects());
        SchemaEvaluator evaluator = new SchemaEvaluator(document, options, builder);
        int rule = new JsonWriter(evaluator).write(Term.of(document.root()));
        return new SchemaRule(rule, evaluator.annotations(), evaluator.ignored());
    }
}
