package dev.sluice.openai;

import dev.sluice.engine.ThinkingBudget;
import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.openai.parsers.ThinkingMarkers;
import dev.sluice.tokenizer.TokenIds;

import java.util.Optional;
import java.util.OptionalInt;
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

    /// The limit of the output. A request may give one of its own for an answer without thinking;
    /// beside thinking, that is part of the budget.
    LengthRules.Limit limit(ThinkingFields fields, LengthRules.Limit otherwise) {
        return fields.maxAnswerTokens().isEmpty() || thinks(fields)
                ? otherwise
                : new LengthRules.Limit("response_max_tokens", fields.maxAnswerTokens(), false);
    }

    /// The limits of the thinking and of what is none, where the request sets one and the model can
    /// think.
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
        if ((fields.maxTokens().isEmpty() && fields.maxAnswerTokens().isEmpty())
                || markers.isEmpty()
                || !thinks(fields)
                || maxTokens == 0) {
            return Optional.empty();
        }
        String forced = model.options().limits().endOfThinking();
        return Optional.of(
                new ThinkingBudget(
                        atMost(fields.maxTokens(), maxTokens),
                        atMost(fields.maxAnswerTokens(), maxTokens),
                        OutputParsers.startsThinking(
                                parser.orElseThrow(), model.tokenizer(), prompt),
                        model.marker(markers.get().start()),
                        model.marker(markers.get().end()),
                        model.tokenizer().encode(forced, false)));
    }

    private static OptionalInt atMost(OptionalLong wanted, int max) {
        return wanted.isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of((int) Math.min(wanted.getAsLong(), max));
    }

    private boolean thinks(ThinkingFields fields) {
        return model.options().reasoningParser().isPresent() && isOn(fields);
    }
}
