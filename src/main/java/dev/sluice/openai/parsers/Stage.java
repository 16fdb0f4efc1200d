package dev.sluice.openai.parsers;

/// One of the stages that an output passes. Takes text and markers in order.
interface Stage {

    /// Text without markers; not empty, and a character of two chars is whole.
    void text(String text);

    /// A marker. One that means nothing to the stage, or nothing here, is text.
    void mark(Mark mark);

    /// The thinking is over: what follows is answer.
    ///
    /// @param numTokens tokens up to here, the marker's included
    default void thinkingEnded(int numTokens) {}

    /// The piece is over.
    ///
    /// @param numTokens tokens up to here
    default void pieceEnded(int numTokens) {}

    /// The output is over.
    ///
    /// @param truncated whether the token limit cut it off
    void end(boolean truncated);
}
