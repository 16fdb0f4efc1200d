package dev.sluice.openai;

import java.util.Map;
import java.util.OptionalInt;

/// What a request may ask for at most.
///
/// @param maxStopSequences stop strings and stop ids together
/// @param maxStopTokens tokens of one stop string; empty for no limit
/// @param maxPrompts prompts of one completion request. Each takes a place among the sequences in
///   flight
public record RequestLimits(int maxStopSequences, OptionalInt maxStopTokens, int maxPrompts) {
    private static final String MAX_STOP_SEQUENCES = "FD_MAX_STOP_SEQS_NUM";
    private static final String MAX_STOP_TOKENS = "FD_STOP_SEQS_MAX_LEN";

    /// Five stop sequences of any length, 1,024 prompts.
    public static final RequestLimits DEFAULT = new RequestLimits(5, OptionalInt.empty(), 1024);

    /// The defaults, but for what `FD_MAX_STOP_SEQS_NUM` and `FD_STOP_SEQS_MAX_LEN` say.
    ///
    /// @throws NumberFormatException if one of them is no whole number
    public static RequestLimits of(Map<String, String> environment) {
        String sequences = environment.getOrDefault(MAX_STOP_SEQUENCES, "").strip();
        String tokens = environment.getOrDefault(MAX_STOP_TOKENS, "").strip();
        return new RequestLimits(
                sequences.isEmpty() ? DEFAULT.maxStopSequences : Integer.parseInt(sequences),
                tokens.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(tokens)),
                DEFAULT.maxPrompts);
    }
}
