package dev.sluice.openai.parsers;

import dev.sluice.engine.Marker;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Set;

/// Tells the parts of one choice's output apart, as it comes: thinking, answer, calls of tools.
///
/// What comes out depends on the whole of the input, not on how it was cut into pieces. Belongs to
/// one choice and one thread.
public interface OutputParser {

    /// Tells the ids of the next piece, for a parser that looks at them: one of a user. Those of a
    /// piece that is never told are missing from what it sees.
    default void tokens(TokenIds ids) {}

    /// Takes the next piece.
    ///
    /// @param text follows the text of the earlier calls
    /// @param markers ids of [#markerIds()] in order, at their places in `text`
    /// @param numTokens tokens generated up to the end of this piece
    ParsedPiece accept(String text, List<Marker> markers, int numTokens);

    /// Ends the output and gives what was held back.
    ///
    /// @param truncated whether the token limit cut it off
    ParsedPiece finish(boolean truncated);

    /// Tokens of the thinking so far.
    int reasoningTokens();

    /// Whether the output called a tool, so that it ends as `tool_calls`.
    boolean calledTools();

    /// Ids that this parser wants to see as markers. The same for all parsers of one kind and
    /// vocabulary.
    Set<Integer> markerIds();
}
