package dev.sluice.openai;

import dev.sluice.openai.parsers.OutputParsers;
import dev.sluice.openai.parsers.ParserSettings;

import java.util.Optional;
import java.util.UUID;

/// Decides what the answers of one model carry, and what they are called.
///
/// @param model with its parsers
record AnswerRules(ServedModel model) {

    /// @param granted log probabilities
    /// @param candidates sequences for each choice
    static AnswerOptions options(
            SharedParameters shared,
            LogprobsRules.Granted granted,
            int candidates,
            boolean echo,
            Optional<ParserSettings> parser) {
        return new AnswerOptions(
                shared.streamOptions().includeUsage(),
                shared.streamOptions().continuousUsage(),
                shared.returnTokenIds(),
                granted.top(),
                granted.prompt(),
                shared.logprobs().decodeTokens(),
                shared.tokensPerChunk(),
                candidates,
                echo,
                shared.collectMetrics(),
                parser);
    }

    /// How the output of a chat is parsed; calls only where the model was offered tools. Calls that
    /// must come are guided, so that they need no parser that the model was trained for.
    ///
    /// @param thinking whether the model was asked to think, or not asked
    Optional<ParserSettings> chatParser(ToolFields tools, boolean thinking, boolean stream) {
        return parser(
                model.options()
                        .toolCallParser()
                        .filter(name -> tools.wanted().isEmpty() || isSpelt(name))
                        .or(() ->
                                Optional.of(OutputParsers.plainCalls())
                                        .filter(_ -> !tools.wanted().isEmpty()))
                        .filter(_ -> !tools.tools().isEmpty()),
                thinking,
                tools.severalCalls(),
                stream);
    }

    private static boolean isSpelt(String parser) {
        return OutputParsers.callSpelling(parser).isPresent();
    }

    /// How the output of a completion is parsed. Its prompt may hold anything, and nothing in the
    /// request can say that the model does not think: a stream takes text for what it looks like.
    Optional<ParserSettings> completionParser(boolean stream) {
        return parser(model.options().toolCallParser(), false, true, stream);
    }

    private Optional<ParserSettings> parser(
            Optional<String> toolCalls, boolean thinking, boolean parallel, boolean stream) {
        Optional<String> reasoning = model.options().reasoningParser();
        return reasoning.isEmpty() && toolCalls.isEmpty()
                ? Optional.empty()
                : Optional.of(new ParserSettings(reasoning, toolCalls, thinking, parallel, stream));
    }

    /// The id of an answer: the client's own, or one that nobody else has.
    static String id(PreparedRequest.Kind kind, SharedParameters shared) {
        String prefix = kind.prefix();
        return shared.requestId()
                .filter(id -> !id.isEmpty())
                .map(id -> id.startsWith(prefix) ? id : prefix + id)
                .orElseGet(() ->
                        prefix
                                + shared.user()
                                        .filter(user -> !user.isEmpty())
                                        .map(user -> user + "-")
                                        .orElse("")
                                + UUID.randomUUID());
    }
}
