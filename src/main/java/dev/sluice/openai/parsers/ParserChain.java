package dev.sluice.openai.parsers;

import dev.sluice.engine.Marker;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A row of stages as one parser.
final class ParserChain implements OutputParser {
    private final MarkerLexer lexer;
    private final Stage first;
    private final Optional<ThinkingStage> thinking;
    private final PieceBuilder out;
    private final CallSource calls;
    private int numTokens;

    /// @param first stage that the lexer feeds
    /// @param thinking stage among them
    /// @param out what the stages fill
    /// @param calls who finds the calls
    ParserChain(
            MarkerLexer lexer,
            Stage first,
            Optional<ThinkingStage> thinking,
            PieceBuilder out,
            CallSource calls) {
        this.lexer = lexer;
        this.first = first;
        this.thinking = thinking;
        this.out = out;
        this.calls = calls;
    }

    @Override
    public void tokens(TokenIds ids) {
        calls.tokens(ids);
    }

    @Override
    public ParsedPiece accept(String text, List<Marker> markers, int tokens) {
        numTokens = tokens;
        lexer.accept(text, markers, tokens);
        first.pieceEnded(tokens);
        return out.take();
    }

    @Override
    public ParsedPiece finish(boolean truncated) {
        lexer.end();
        first.pieceEnded(numTokens);
        first.end(truncated);
        return out.take();
    }

    @Override
    public int reasoningTokens() {
        return thinking.map(ThinkingStage::tokens).orElse(0);
    }

    @Override
    public boolean calledTools() {
        return calls.calledTools();
    }

    @Override
    public Set<Integer> markerIds() {
        return lexer.ids();
    }
}
