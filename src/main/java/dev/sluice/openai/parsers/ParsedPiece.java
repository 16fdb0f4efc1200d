package dev.sluice.openai.parsers;

import java.util.List;

/// What a piece of an output turned out to be. Any part may be empty.
///
/// @param reasoning text of the thinking
/// @param content text of the answer
/// @param toolCalls what is new about calls, in order
public record ParsedPiece(String reasoning, String content, List<ToolCallDelta> toolCalls) {
    /// Nothing.
    public static final ParsedPiece NONE = new ParsedPiece("", "", List.of());

    public ParsedPiece {
        toolCalls = List.copyOf(toolCalls);
    }
}
