package dev.sluice.engine;

import java.util.List;

/// Guesses the tokens that come next. Call only on the engine thread.
interface Proposer extends AutoCloseable {

    /// How much speaks for what would be guessed for a sequence.
    ///
    /// @return below [DraftRecord#STRENGTHS]; negative where there is no guess
    int strength(Sequence sequence);

    /// Adds guesses to sequences, for which [#strength] was asked since they last changed.
    ///
    /// @param counts most guesses for each; those that are made are no longer needed there
    void propose(List<Sequence> sequences, int[] counts);

    /// Whether guesses for a sequence take their passes only: there is next to no text that the
    /// proposer has yet to read.
    boolean isLevel(Sequence sequence);

    /// Forward passes that so many guesses for a sequence take, however many sequences share them.
    int passes(int guesses);

    @Override
    void close();
}
