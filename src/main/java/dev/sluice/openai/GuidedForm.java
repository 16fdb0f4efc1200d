package dev.sluice.openai;

import dev.sluice.grammar.GrammarSpec;

/// The form that a request wants its text to have.
///
/// @param grammar which texts have it
/// @param field of the request that says so
record GuidedForm(GrammarSpec grammar, String field) {}
