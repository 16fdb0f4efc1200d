package dev.sluice.engine;

import dev.sluice.model.CausalLm;

import java.util.Optional;

/// How an engine guesses tokens ahead, so that one forward pass may yield several. What comes out
/// is what would come without: a guess is kept only if it is the token that is drawn in its place.
///
/// @param maxTokens most tokens that are guessed ahead, 1 to [#MOST_TOKENS]. Each costs a row of
///   logits where few sequences run
/// @param draftModel guesses the tokens, with the vocabulary of the model that it guesses for; the
///   caller's, closed after the engine. Empty where they are looked up in the text so far
public record Speculation(int maxTokens, Optional<CausalLm> draftModel) {
    /// Most tokens that can be guessed ahead.
    public static final int MOST_TOKENS = 16;

    public Speculation {
        if (maxTokens < 1 || maxTokens > MOST_TOKENS) {
            throw new IllegalArgumentException("%d tokens guessed ahead".formatted(maxTokens));
        }
    }

    /// Looks up what followed the last tokens when they were there before.
    public static Speculation ngram(int maxTokens) {
        return new Speculation(maxTokens, Optional.empty());
    }

    /// Sequences that can all be guessed for at once. With more, most guesses cost more than they
    /// bring, and their logits much memory.
    private static final int SEQUENCES = 8;

    /// Most rows of logits of a step that stand behind guesses.
    public int mostRows(int maxNumSeqs, int maxNumBatchedTokens) {
        return Math.min(maxTokens * Math.min(SEQUENCES, maxNumSeqs), maxNumBatchedTokens - 1);
    }
}
