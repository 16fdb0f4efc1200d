package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

/// Turns JSON Schemas into rules: texts that follow them are JSON values that the schema allows.
///
/// A schema becomes a set of values in a normal form ([ValueSet]), in which keywords are combined
/// by intersection, union and complement; the sets become automata. What is accepted is enforced
/// exactly, but for what `src/docs/guided-decoding.md` names: listed keys come in the order in
/// which they are declared, unless any is asked for, and host names with `xn--` are not written.
/// Beyond that each value of the schema can be written, though not in each spelling, unless any
/// white space is allowed. What can't be enforced is refused by name.
///
/// A key that a schema does not list may come twice, unless the schema's meaning depends on it.
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
