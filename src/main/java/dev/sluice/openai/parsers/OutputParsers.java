package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The parsers of outputs, by their names.
public final class OutputParsers {
    private OutputParsers() {}

    /// Names that `--reasoning-parser` may give, sorted.
    public static Set<String> reasoningNames() {
        return Arrays.stream(ReasoningFormat.values())
                .flatMap(format -> format.names().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// Names that `--tool-call-parser` may give, sorted; with those of users' parsers that are
    /// registered.
    public static Set<String> toolCallNames() {
        Set<String> names = ToolCallParsers.names();
        Arrays.stream(CallFormat.values()).forEach(format -> names.addAll(format.names()));
        return names;
    }

    /// Whether `--reasoning-parser` may give a name, however it is spelt.
    public static boolean knowsReasoning(String name) {
        return ReasoningFormat.named(name).isPresent();
    }

    /// Whether `--tool-call-parser` may give a name, however it is spelt.
    public static boolean knowsToolCalls(String name) {
        return CallFormat.named(name).isPresent() || ToolCallParsers.markers(name).isPresent();
    }

    /// The texts around the thinking that a reasoning parser looks for; empty for a name that there
    /// is none of.
    public static Optional<ThinkingMarkers> thinkingMarkers(String reasoningName) {
        return ReasoningFormat.named(reasoningName).map(ReasoningFormat::thinking);
    }

    /// How calls are written that a parser of this name finds; empty for a user's parser.
    public static Optional<CallSpelling> callSpelling(String toolCallName) {
        return CallFormat.named(toolCallName).map(format -> format.spelling(toolCallName));
    }

    /// The name of a parser that finds calls in a format that no model must have learnt.
    public static String plainCalls() {
        return CallFormat.HERMES.names().getFirst();
    }

    /// Whether an output is thinking from its first token on.
    ///
    /// @param prompt says whether the thinking has begun
    public static boolean startsThinking(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt) {
        return switch (promptStart(settings, tokenizer, prompt)) {
            case OPEN -> true;
            case CLOSED -> false;
            case SILENT -> thinksUnmarked(settings);
        };
    }

    /// Whether the prompt has begun the thinking and not ended it.
    public static boolean isThinkingOpen(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt) {
        return promptStart(settings, tokenizer, prompt) == PromptStart.OPEN;
    }

    /// The first token of an output that opens its thinking itself, though a grammar forms the
    /// answer. Empty where it may not, or where the vocabulary has no such token.
    public static OptionalInt thinkingOpener(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt) {
        return settings.thinking() && promptStart(settings, tokenizer, prompt) == PromptStart.SILENT
                ? settings.reasoning()
                        .flatMap(OutputParsers::thinkingMarkers)
                        .map(markers -> tokenizer.vocabulary().id(markers.start()))
                        .orElse(OptionalInt.empty())
                : OptionalInt.empty();
    }

    /// Whether an output that no marker begins is thinking. A grammar holds from the first token on
    /// unless the output opens its thinking itself.
    static boolean thinksUnmarked(ParserSettings settings) {
        return settings.thinking()
                && !settings.guided()
                && settings.reasoning()
                        .flatMap(ReasoningFormat::named)
                        .filter(ReasoningFormat::thinksUnasked)
                        .isPresent();
    }

    /// Closed where nothing tells thinking from text.
    private static PromptStart promptStart(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt) {
        return settings.reasoning()
                .flatMap(ReasoningFormat::named)
                .map(format -> PromptStart.of(prompt, tokenizer, format.thinking()))
                .orElse(PromptStart.CLOSED);
    }

    /// Ids of those markers of the parsers that are one token in this vocabulary. A sequence whose
    /// output is parsed must report them.
    public static Set<Integer> markerIds(ParserSettings settings, Vocabulary vocabulary) {
        return Set.copyOf(MarkerLexer.byId(markers(settings), vocabulary).keySet());
    }

    /// Makes the parser of one choice.
    ///
    /// @param settings names that [#reasoningNames()] and [#toolCallNames()] have
    /// @param prompt says whether the thinking has begun
    /// @throws ToolCallParserException if a user's parser fails; the parser's methods too
    /// @throws IllegalArgumentException if there is no parser of a name
    public static OutputParser create(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt) {
        return create(settings, tokenizer, prompt, OutputParsers::callId);
    }

    /// The same with the maker of calls' ids.
    static OutputParser create(
            ParserSettings settings, Tokenizer tokenizer, TokenIds prompt, Supplier<String> ids) {
        return new ParserAssembly(settings, tokenizer, ids).assemble(prompt);
    }

    private static String callId() {
        return "chatcmpl-tool-" + UUID.randomUUID().toString().replace("-", "");
    }

    /// Texts of all markers of the parsers.
    static Set<String> markers(ParserSettings settings) {
        Set<String> markers = new LinkedHashSet<>();
        settings.reasoning()
                .flatMap(ReasoningFormat::named)
                .ifPresent(format -> markers.addAll(format.markers()));
        settings.toolCalls()
                .flatMap(CallFormat::named)
                .ifPresent(format -> markers.addAll(format.markers()));
        settings.toolCalls().flatMap(ToolCallParsers::markers).ifPresent(markers::addAll);
        return markers;
    }
}
