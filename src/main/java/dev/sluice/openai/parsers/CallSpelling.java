package dev.sluice.openai.parsers;

import java.util.Set;

/// How a model writes calls that a parser of this package finds: name and arguments in this order.
///
/// @param before all calls
/// @param opening of a call, up to the name
/// @param quoted whether the name is written as a JSON string
/// @param middle of a call, between name and arguments
/// @param end of a call
/// @param between two calls
/// @param after all calls
/// @param trigger with what a text begins calls
/// @param markers parts of all these that the parser looks for: as a token where the vocabulary has
///   it
public record CallSpelling(
        String before,
        String opening,
        boolean quoted,
        String middle,
        String end,
        String between,
        String after,
        String trigger,
        Set<String> markers) {}
