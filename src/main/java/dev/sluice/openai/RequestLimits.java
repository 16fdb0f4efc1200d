package dev.sluice.openai;

import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// What a request may ask for at most, and how thinking is cut short.
///
/// @param maxStopSequences stop strings and stop ids together
/// @param maxStopTokens tokens of one stop string; empty for no limit
/// @param maxSequences prompts of one request times its choices. Each takes a place among the
///   sequences in flight. Default 1,024
/// @param maxChoices `n`, or `best_of`. Default 128
/// @param endOfThinking text that is put in the model's mouth when it has thought too long. Default
///   `</think>`
public record RequestLimits(
        int maxStopSequences,
        OptionalInt maxStopTokens,
        int maxSequences,
        int maxChoices,
        String endOfThinking) {
    /// The variable that sets how many stop sequences a request may have.
    static final String MAX_STOP_SEQUENCES = "FD_MAX_STOP_SEQS_NUM";

    private static final Pattern WHOLE = Pattern.compile("[0-9]{1,9}");
    private static final String MAX_STOP_TOKENS = "FD_STOP_SEQS_MAX_LEN";
    private static final String END_OF_THINKING = "FD_LIMIT_THINKING_CONTENT_TRUNCATE_STR";

    /// Five stop sequences of any length, 1,024 sequences, 128 choices.
    public static final RequestLimits DEFAULT =
            new RequestLimits(5, OptionalInt.empty(), 1024, 128, "</think>");

    /// The defaults, but for what `FD_MAX_STOP_SEQS_NUM`, `FD_STOP_SEQS_MAX_LEN` and
    /// `FD_LIMIT_THINKING_CONTENT_TRUNCATE_STR` say. In the last, `\n` may stand for a line break,
    /// because many shells can't put one into a variable.
    ///
    /// @throws IllegalArgumentException with words for the operator, if one of the first two is no
    ///   whole number of 0 or more
    public static RequestLimits of(Map<String, String> environment) {
        String end = environment.getOrDefault(END_OF_THINKING, "").replace("\\n", "\n");
        return new RequestLimits(
                number(environment, MAX_STOP_SEQUENCES).orElse(DEFAULT.maxStopSequences),
                number(environment, MAX_STOP_TOKENS),
                DEFAULT.maxSequences,
                DEFAULT.maxChoices,
                end.isBlank() ? DEFAULT.endOfThinking : end);
    }

    private static OptionalInt number(Map<String, String> environment, String name) {
        String value = environment.getOrDefault(name, "").strip();
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        if (!WHOLE.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "%s must be a whole number of 0 or more, at most 999999999, and is %s."
                            .formatted(name, value));
        }
        return OptionalInt.of(Integer.parseInt(value));
    }

    /// The same with another number of sequences.
    public RequestLimits withMaxSequences(int number) {
        return new RequestLimits(
                maxStopSequences, maxStopTokens, number, maxChoices, endOfThinking);
    }

    /// The same with another number of choices.
    public RequestLimits withMaxChoices(int number) {
        return new RequestLimits(
                maxStopSequences, maxStopTokens, maxSequences, number, endOfThinking);
    }
}
