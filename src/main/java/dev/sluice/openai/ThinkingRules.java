package dev.sluice.openai;

import dev.sluice.engine.ThinkingBudget;
import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.openai.parsers.ThinkingMarkers;
import dev.sluice.tokenizer.TokenIds;

import java.util.Optional;
import java.util.OptionalLong;

/// How long one model may think before it answers.
///
/// @param model with its parser, tokenizer and limits
record ThinkingRules(ServedModel model) {
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
    /// @param parser of the output
    /// @param maxTokens of the whole answer
    Optional<ThinkingBudget> budget(
            ThinkingFields fields,
            Optional<ParserSettings> parser,
            TokenIds prompt,
            int maxTokens) {
        Optional<ThinkingMarkers> markers =
                parser.flatMap(ParserSettings::reasoning).flatMap(OutputParsers::thinkingMarkers);
        if (fields.maxTokens().isEmpty()
                || markers.isEmpty()
                || !thinks(fields)
                || maxTokens == 0) {
            return Optional.empty();
        }
        String forced = model.options().limits().endOfThinking();
        return Optional.of(
                new ThinkingBudget(
                        (int) Math.min(fields.maxTokens().getAsLong(), maxTokens),
                        OutputParsers.startsThinking(
                                parser.orElseThrow(), model.tokenizer(), prompt),
                        marker(markers.get().start()),
                        marker(markers.get().end()),
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
}
