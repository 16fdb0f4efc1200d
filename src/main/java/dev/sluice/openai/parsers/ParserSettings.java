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
public record ParserSettings(
        Optional<String> reasoning,
        Optional<String> toolCalls,
        boolean thinking,
        boolean parallelToolCalls,
        boolean stream) {}
