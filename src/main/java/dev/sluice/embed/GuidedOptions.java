package dev.sluice.embed;

import dev.sluice.grammar.JsonSchemaOptions;

/// How texts of a form that a request asks for are made.
///
/// @param json how JSON is written and schemas are read
/// @param jumpForward whether text that a form forces is computed at once, instead of a token a
///   step
public record GuidedOptions(JsonSchemaOptions json, boolean jumpForward) {
    /// As a server has it.
    public static final GuidedOptions DEFAULT = new GuidedOptions(JsonSchemaOptions.DEFAULT, true);
}
