package dev.sluice.openai;

import dev.sluice.engine.ThinkingBudget;
import dev.sluice.tokenizer.TokenIds;

import java.util.Optional;
import java.util.OptionalLong;

/// How long one model may think before it answers.
///
/// @param model with its parser, tokenizer and limits
record ThinkingRules(ServedModel model) {
    private static final String START = "<think>";
    private static final String END = "</think>";

    /// Whether a request's model thinks, or would if it can: unless somebody said no.
    boolean isOn(ThinkingFields fields) {
        return fields.wanted()
                .orElseGet(() ->
                        !Boolean.FALSE.equals(
                                model.options()
                                        .defaultTemplateVariables()
                                        .get(ThinkingFields.ENABLE_THINKING)));
    }

    /// The limit of an answer that does not think, which a request may give beside the usual one.
    /// An answer that thinks is limited as a whole.
    LengthRules.Limit limit(ThinkingFields fields, LengthRules.Limit otherwise) {
        OptionalLong answer = fields.maxAnswerTokens();
        if (answer.isEmpty()) {
            return otherwise;
        }
        if (!thinks(fields)) {
            return new LengthRules.Limit("response_max_tokens", answer, false);
        }
        if (fields.maxTokens().isEmpty()) {
            throw Invalid.field(
                    "response_max_tokens",
                    "response_max_tokens needs reasoning_max_tokens while the model thinks.");
        }
        long both = sum(fields.maxTokens().getAsLong(), answer.getAsLong());
        long whole = Math.min(both, otherwise.tokens().orElse(both));
        return new LengthRules.Limit(otherwise.field(), OptionalLong.of(whole), false);
    }

    private static long sum(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    /// The limit of the thinking, where the request sets one and the model can think.
    ///
    /// @param maxTokens of the whole answer
    Optional<ThinkingBudget> budget(ThinkingFields fields, TokenIds prompt, int maxTokens) {
        if (fields.maxTokens().isEmpty() || !thinks(fields) || maxTokens == 0) {
            return Optional.empty();
        }
        TokenIds start = marker(START);
        TokenIds end = marker(END);
        String forced = model.options().limits().endOfThinking();
        return Optional.of(
                new ThinkingBudget(
                        (int) Math.min(fields.maxTokens().getAsLong(), maxTokens),
                        isOpen(prompt, start, end),
                        start,
                        end,
                        model.tokenizer().encode(forced, false)));
    }

    private boolean thinks(ThinkingFields fields) {
        return model.options().reasoningParser().isPresent() && isOn(fields);
    }

    /// A marker that is no token of its own is a run of several.
    private TokenIds marker(String text) {
        return model.tokenizer().vocabulary().id(text).stream()
                .mapToObj(TokenIds::of)
                .findFirst()
                .orElseGet(() -> model.tokenizer().encode(text, false));
    }

    /// Whether the last marker of a prompt begins the thinking.
    static boolean isOpen(TokenIds prompt, TokenIds start, TokenIds end) {
        for (int at = prompt.size() - 1; at >= 0; at--) {
            if (isAt(prompt, at, start)) {
                return true;
            }
            if (isAt(prompt, at, end)) {
                return false;
            }
        }
        return false;
    }

    private static boolean isAt(TokenIds ids, int at, TokenIds marker) {
        if (marker.size() == 0 || at + marker.size() > ids.size()) {
            return false;
        }
        for (int i = 0; i < marker.size(); i++) {
            if (ids.get(at + i) != marker.get(i)) {
                return false;
            }
        }
        return true;
    }
}
