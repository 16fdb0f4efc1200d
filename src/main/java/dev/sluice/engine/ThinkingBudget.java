package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.Objects;
import java.util.OptionalInt;

/// A limit of the tokens that a model may think, and of those that are no thinking.
///
/// @param maxTokens tokens between the start of the thinking and its end, at least 1; then `forced`
///   is generated whatever the logits say. Empty for no limit
/// @param maxAnswerTokens tokens outside of the thinking and its markers, at least 1; then the
///   output ends as at its own limit. Empty for no limit
/// @param started whether the prompt has begun the thinking already
/// @param start ids that begin the thinking; may be empty if `started`
/// @param end ids that end it; at least one
/// @param forced ids that end it when the budget is spent, such as a line break and `end`
public record ThinkingBudget(
        OptionalInt maxTokens,
        OptionalInt maxAnswerTokens,
        boolean started,
        TokenIds start,
        TokenIds end,
        TokenIds forced) {
    public ThinkingBudget {
        Objects.requireNonNull(maxTokens, "maxTokens");
        Objects.requireNonNull(maxAnswerTokens, "maxAnswerTokens");
        Objects.requireNonNull(start, "start");
        Objects.requireNonNull(end, "end");
        Objects.requireNonNull(forced, "forced");
    }
}
