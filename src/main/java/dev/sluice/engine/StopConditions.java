package dev.sluice.engine;

import java.util.List;
import java.util.Set;

/// When a sequence ends.
///
/// @param minTokens before so many output tokens neither an end-of-sequence id nor a stop id is
///   drawn, and no stop string ends the text
/// @param maxTokens most output tokens; 0 where the prompt is only to be computed, for its log
///   probabilities or for nothing
/// @param stopStrings end the text at their first occurrence, which is left out unless
///   `includeStopString`; no empty strings
/// @param stopTokenIds end the sequence; their text is left out unless `includeStopString`
/// @param ignoreEos the model's end-of-sequence ids do not end the answer, but where a grammar lets
///   nothing else come
/// @param includeStopString keep the stop string, or the text of the id that ended the sequence
public record StopConditions(
        int minTokens,
        int maxTokens,
        List<String> stopStrings,
        Set<Integer> stopTokenIds,
        boolean ignoreEos,
        boolean includeStopString) {
    public StopConditions {
        stopStrings = List.copyOf(stopStrings);
        stopTokenIds = Set.copyOf(stopTokenIds);
    }

    /// Conditions without a least number of tokens.
    public StopConditions(
            int maxTokens,
            List<String> stopStrings,
            Set<Integer> stopTokenIds,
            boolean ignoreEos,
            boolean includeStopString) {
        this(0, maxTokens, stopStrings, stopTokenIds, ignoreEos, includeStopString);
    }

    /// Ends at a number of tokens or at the end of the text.
    public static StopConditions maxTokens(int maxTokens) {
        return new StopConditions(maxTokens, List.of(), Set.of(), false, false);
    }
}
