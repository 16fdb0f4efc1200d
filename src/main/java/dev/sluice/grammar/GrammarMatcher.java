package dev.sluice.grammar;

import java.lang.foreign.MemorySegment;

/// Follows one sequence through a grammar: which tokens may come next, and what comes.
///
/// Belongs to one sequence and to one thread at a time.
public interface GrammarMatcher {

    /// Writes which tokens may come next; tokens that end the sequence are among them where the
    /// text may end, and alone where it must.
    ///
    /// @param row int32, one bit a token (token `t` is bit `t % 32` of word `t / 32`), at least as
    ///   wide as the vocabulary; bits past it become 0
    /// @throws GrammarLimitException if the place can't be followed within the limits
    void fillNextTokenBitmask(MemorySegment row);

    /// Reads a token.
    ///
    /// @return whether it may come here; otherwise nothing has changed
    /// @throws GrammarLimitException if the place can't be followed within the limits
    boolean accept(int token);

    /// Takes back the last tokens.
    ///
    /// @param count at most [#ROLLBACK]
    void rollback(int count);

    /// How many tokens can be taken back.
    int ROLLBACK = 64;

    /// Whether a token that ends the sequence has been read.
    boolean isTerminated();

    /// Whether the text may end here.
    boolean mayEnd();

    /// The bytes that must come next, whatever is drawn: empty where there is a choice.
    ///
    /// @param limit most bytes
    byte[] forcedBytes(int limit);
}
