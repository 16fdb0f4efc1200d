package dev.sluice.engine;

import java.util.Objects;
import java.util.Set;

/// What a sequence tells of its output.
///
/// @param skipSpecialTokens leave special tokens out of the text
/// @param continuesText the text goes on after the prompt's: a leading space is part of it. If
///   false, it is decoded as a text of its own
/// @param markerIds ids that are reported as [Marker]s instead of text
/// @param logprobs which log probabilities are reported
public record OutputOptions(
        boolean skipSpecialTokens,
        boolean continuesText,
        Set<Integer> markerIds,
        LogprobsOptions logprobs) {
    /// Text only, without special tokens.
    public static final OutputOptions TEXT =
            new OutputOptions(true, false, Set.of(), LogprobsOptions.NONE);

    public OutputOptions {
        markerIds = Set.copyOf(markerIds);
        Objects.requireNonNull(logprobs, "logprobs");
    }
}
