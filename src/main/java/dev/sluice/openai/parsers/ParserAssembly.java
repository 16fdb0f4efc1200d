package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/// Puts the stages of one choice together, from the last to the first.
final class ParserAssembly {
    private final ParserSettings settings;
    private final Tokenizer tokenizer;
    private final Supplier<String> ids;
    private final PieceBuilder out = new PieceBuilder();
    private CallSource calls = CallSource.NONE;

    ParserAssembly(ParserSettings settings, Tokenizer tokenizer, Supplier<String> ids) {
        this.settings = settings;
        this.tokenizer = tokenizer;
        this.ids = ids;
    }

    OutputParser assemble(TokenIds prompt) {
        Optional<ReasoningFormat> reasoning =
                settings.reasoning()
                        .map(name ->
                                ReasoningFormat.named(name)
                                        .orElseThrow(() -> unknown("reasoning", name)));
        Stage answer =
                settings.toolCalls()
                        .map(this::callStage)
                        .orElseGet(() ->
                                reasoning
                                        .filter(_ -> !settings.guided())
                                        .map(this::silenced)
                                        .orElse(new AnswerStage(out)));
        Optional<ThinkingStage> thinking =
                reasoning.map(format -> thinkingStage(format, prompt, answer));
        return new ParserChain(
                lexer(thinking.<Stage>map(stage -> stage).orElse(answer)),
                thinking.<Stage>map(stage -> stage).orElse(answer),
                thinking,
                out,
                calls);
    }

    private Stage callStage(String name) {
        int maxCalls = settings.parallelToolCalls() ? Integer.MAX_VALUE : 1;
        Optional<CallFormat> format = CallFormat.named(name);
        if (format.isPresent()) {
            CallWriter writer = new CallWriter(out, maxCalls, settings.callsOnly(), ids);
            calls = writer;
            return stage(format.get(), writer);
        }
        PluginStage plugin =
                ToolCallParsers.create(name)
                        .map(parser ->
                                new PluginStage(
                                        parser,
                                        ToolCallParsers.markers(name).orElse(Set.of()),
                                        out,
                                        maxCalls,
                                        ids))
                        .orElseThrow(() -> unknown("tool-call", name));
        calls = plugin;
        return plugin;
    }

    private Stage stage(CallFormat format, CallWriter writer) {
        return format == CallFormat.DEEPSEEK
                ? new DeepseekCallStage(out, writer)
                : new TaggedCallStage(format, out, writer);
    }

    /// The answers of some formats leave calls out even where nobody wants them.
    private Stage silenced(ReasoningFormat format) {
        CallWriter writer = new CallWriter(out, 0, false, ids);
        return switch (format) {
            case ERNIE_X1 -> stage(CallFormat.ERNIE_X1, writer);
            case ERNIE_45_VL_THINKING -> stage(CallFormat.ERNIE_45_VL_THINKING, writer);
            case ERNIE_45_VL, QWEN3, DEEPSEEK -> new AnswerStage(out);
        };
    }

    private ThinkingStage thinkingStage(ReasoningFormat format, TokenIds prompt, Stage answer) {
        return new ThinkingStage(
                format,
                out,
                format == ReasoningFormat.ERNIE_X1 && !settings.guided()
                        ? new ResponseStage(answer)
                        : answer,
                switch (PromptStart.of(prompt, tokenizer, format.thinking())) {
                    case OPEN -> ThinkingStage.Start.OPENED;
                    case CLOSED ->
                            settings.guided()
                                    ? ThinkingStage.Start.GUIDED
                                    : ThinkingStage.Start.ANSWER;
                    case SILENT -> settings.guided() ? guided(prompt) : unmarked();
                });
    }

    private ThinkingStage.Start guided(TokenIds prompt) {
        return OutputParsers.thinkingOpener(settings, tokenizer, prompt).isPresent()
                ? ThinkingStage.Start.GUIDED_UNLESS_OPENED
                : ThinkingStage.Start.GUIDED;
    }

    private ThinkingStage.Start unmarked() {
        if (!settings.stream()) {
            return ThinkingStage.Start.UNDECIDED;
        }
        return OutputParsers.thinksUnmarked(settings)
                ? ThinkingStage.Start.THINKING
                : ThinkingStage.Start.ANSWER;
    }

    private MarkerLexer lexer(Stage first) {
        Vocabulary vocabulary = tokenizer.vocabulary();
        Set<String> markers = OutputParsers.markers(settings);
        Map<Integer, Mark> byId = MarkerLexer.byId(markers, vocabulary);
        Set<String> texts = new HashSet<>(markers);
        byId.values().forEach(mark -> texts.remove(mark.text()));
        return new MarkerLexer(byId, texts, first);
    }

    private static IllegalArgumentException unknown(String kind, String name) {
        return new IllegalArgumentException("no " + kind + " parser has the name " + name);
    }
}
