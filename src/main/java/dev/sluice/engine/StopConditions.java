package dev.sluice.engine;

import java.util.List;
import java.util.Set;

/// When a sequence ends.
///
/// @param maxTokens most output tokens; at least 1
/// @param stopStrings end the text at their first occurrence, which is left out unless
///   `includeStopString`; no empty strings
/// @param stopTokenIds end the sequence; their text is left out unless `includeStopString`
/// @param ignoreEos the model's end-of-sequence ids do not end the answer
/// @param includeStopString keep the stop string, or the text of the id that ended the sequence
public record StopConditions(
        int maxTokens,
        List<String> stopStrings,
        Set<Integer> stopTokenIds,
        boolean ignoreEos,
        boolean includeStopString) {
    public StopConditions {
        stopStrings = List.copyOf(stopStrings);
        stopTokenIds = Set.copyOf(stopTokenIds);
    }

    /// Ends at a number of tokens or at the end of the text.
    public static StopConditions maxTokens(int maxTokens) {
        return new StopConditions(maxTokens, List.of(), Set.of(), false, false);
    }
}
