/// Tells thinking, answer and calls of tools apart in what a model writes.
///
/// Main types: `OutputParsers` makes the parser of a choice; `ToolCallParser` is for parsers of
/// users. An output passes a row of stages: `MarkerLexer` finds the markers, `ThinkingStage` the
/// thinking, a stage of the calls' format the calls. May import what its room may. Threading: a
/// parser belongs to one choice and one thread; `ToolCallParsers` is for all threads.
@NullMarked
package dev.sluice.openai.parsers;

import org.jspecify.annotations.NullMarked;
