package dev.sluice.engine;

import dev.sluice.grammar.GrammarCompiler;

/// How an engine keeps texts to grammars.
///
/// @param compiler the caller's, closed after the engine
/// @param jumpForward whether text that a grammar forces is appended at once, instead of a token a
///   step
public record GuidedDecoding(GrammarCompiler compiler, boolean jumpForward) {}
