package dev.sluice.openai;

import dev.sluice.engine.Marker;
import dev.sluice.openai.parsers.OutputParser;
import dev.sluice.openai.parsers.ParsedPiece;
import dev.sluice.openai.parsers.ToolCallDelta;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Says what it was told to say, whatever the output, and remembers what it was given.
final class ScriptedParser implements OutputParser {
    private final Deque<ParsedPiece> pieces = new ArrayDeque<>();
    private final List<String> given = new ArrayList<>();
    private ParsedPiece rest = ParsedPiece.NONE;
    private int reasoningTokens;
    private boolean called;

    static ParsedPiece reasoning(String text) {
        return new ParsedPiece(text, "", List.of());
    }

    static ParsedPiece content(String text) {
        return new ParsedPiece("", text, List.of());
    }

    static ParsedPiece call(ToolCallDelta... calls) {
        return new ParsedPiece("", "", List.of(calls));
    }

    static ToolCallDelta begin(int index, String name) {
        return new ToolCallDelta(
                index, Optional.of(new ToolCallDelta.Begin("chatcmpl-tool-" + index, name)), "");
    }

    static ToolCallDelta slice(int index, String arguments) {
        return new ToolCallDelta(index, Optional.empty(), arguments);
    }

    /// What it says to the next piece.
    ScriptedParser say(ParsedPiece piece) {
        pieces.add(piece);
        called |= !piece.toolCalls().isEmpty();
        return this;
    }

    /// What it says at the end.
    ScriptedParser end(ParsedPiece piece) {
        rest = piece;
        called |= !piece.toolCalls().isEmpty();
        return this;
    }

    /// None of its calls is whole at the end.
    ScriptedParser neverWhole() {
        called = false;
        return this;
    }

    ScriptedParser thinks(int tokens) {
        reasoningTokens = tokens;
        return this;
    }

    /// What it was given.
    List<String> given() {
        return given;
    }

    @Override
    public ParsedPiece accept(String text, List<Marker> markers, int numTokens) {
        given.add(text + markers.stream().map(Marker::tokenId).toList() + numTokens);
        return pieces.isEmpty() ? ParsedPiece.NONE : pieces.remove();
    }

    @Override
    public ParsedPiece finish(boolean truncated) {
        given.add(truncated ? "cut off" : "ended");
        return rest;
    }

    @Override
    public int reasoningTokens() {
        return reasoningTokens;
    }

    @Override
    public boolean calledTools() {
        return called;
    }

    @Override
    public Set<Integer> markerIds() {
        return Set.of();
    }
}
