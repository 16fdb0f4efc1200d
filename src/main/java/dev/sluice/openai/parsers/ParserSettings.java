package dev.sluice.openai.parsers;

import java.util.Optional;

/// Which parsers an output goes through.
///
/// @param reasoning name of the reasoning parser
/// @param toolCalls name of the tool-call parser; empty where the request wants no calls
/// @param thinking whether the model was asked to think, or not asked
/// @param parallelToolCalls whether more than the first call counts
/// @param stream whether the parts are told as they come. Where they are told as a whole, its end
///   may settle what its beginning is
/// @param guided whether a grammar forms the answer: all of it is content, whatever markers the
///   model's answers have
/// @param callsOnly whether that grammar allows calls and nothing else
public record ParserSettings(
        Optional<String> reasoning,
        Optional<String> toolCalls,
        boolean thinking,
        boolean parallelToolCalls,
        boolean stream,
        boolean guided,
        boolean callsOnly) {
    /// Settings for an answer that the model forms as it likes.
    public ParserSettings(
            Optional<String> reasoning,
            Optional<String> toolCalls,
            boolean thinking,
            boolean parallelToolCalls,
            boolean stream) {
        this(reasoning, toolCalls, thinking, parallelToolCalls, stream, false, false);
    }

    /// The same for an answer that a grammar forms.
    public ParserSettings whenGuided() {
        return new ParserSettings(
                reasoning, toolCalls, thinking, parallelToolCalls, stream, true, false);
    }

    /// The same for an answer that a grammar forms which allows calls and nothing else.
    public ParserSettings whenCallsOnly() {
        return new ParserSettings(
                reasoning, toolCalls, thinking, parallelToolCalls, stream, true, true);
    }
}
