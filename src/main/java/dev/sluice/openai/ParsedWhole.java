package dev.sluice.openai;

import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.parsers.OutputParser;
import dev.sluice.openai.parsers.ParsedPiece;
import dev.sluice.openai.parsers.ToolCallDelta;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The output of a choice that is told as a whole, for a second look: what a stream must take for
/// thinking until a marker comes is none if none has come.
final class ParsedWhole {
    private final Supplier<OutputParser> withoutThinking;
    private final List<GenerationEvent.Delta> deltas = new ArrayList<>();

    /// @param withoutThinking makes a parser that assumes no thinking
    ParsedWhole(Supplier<OutputParser> withoutThinking) {
        this.withoutThinking = withoutThinking;
    }

    /// Keeps a piece.
    void add(GenerationEvent.Delta delta) {
        deltas.add(delta);
    }

    /// The parts of the output, and who told them apart.
    record Result(ParsedPiece piece, OutputParser parser) {}

    /// Parses all of it again.
    ///
    /// @param truncated whether the token limit cut it off
    Result parse(boolean truncated) {
        OutputParser parser = withoutThinking.get();
        StringBuilder reasoning = new StringBuilder();
        StringBuilder content = new StringBuilder();
        List<ToolCallDelta> calls = new ArrayList<>();
        int tokens = 0;
        for (GenerationEvent.Delta delta : deltas) {
            tokens += delta.tokenIds().size();
            parser.tokens(delta.tokenIds());
            collect(
                    parser.accept(delta.text(), delta.markers(), tokens),
                    reasoning,
                    content,
                    calls);
        }
        collect(parser.finish(truncated), reasoning, content, calls);
        return new Result(new ParsedPiece(reasoning.toString(), content.toString(), calls), parser);
    }

    private static void collect(
            ParsedPiece piece,
            StringBuilder reasoning,
            StringBuilder content,
            List<ToolCallDelta> calls) {
        reasoning.append(piece.reasoning());
        content.append(piece.content());
        calls.addAll(piece.toolCalls());
    }
}
