package dev.sluice.chat;

/// A compiled statement.
interface Action {
    /// How a statement ended.
    enum Flow {
        /// The next one follows.
        NEXT,
        /// The innermost loop ends.
        BREAK,
        /// The innermost loop goes to its next round.
        CONTINUE
    }

    Flow run(Frame frame, Output out);
}
