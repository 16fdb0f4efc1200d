package dev.sluice.engine;

import java.util.List;

/// Guesses the tokens that come next. Call only on the engine thread.
interface Proposer extends AutoCloseable {

    /// How much speaks for what would be guessed for a sequence.
    ///
    /// @return below [DraftRecord#STRENGTHS]; negative where there is no guess
    int strength(Sequence sequence);

    /// Tokens of a text that are to be read before there can be guesses for it; 0 where a guess
    /// takes its passes only.
    int missing(Sequence sequence);

    /// Adds guesses to sequences, for which [#strength] was asked since they last changed and
    /// nothing is missing.
    ///
    /// @param counts most guesses for each; those that are made are no longer needed there
    /// @param behind other sequences, of whose text more is to be read
    /// @return tokens of theirs that were
    int propose(List<Sequence> sequences, int[] counts, List<Sequence> behind);

    /// Forward passes that so many guesses for a sequence take, however many sequences share them.
    int passes(int guesses);

    @Override
    void close();
}
