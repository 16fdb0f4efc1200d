package dev.sluice.engine;

import java.util.List;

/// The token that a sampler drew last, and what is told of it.
///
/// One object serves all draws of its owner, so that a step leaves nothing on the heap: read it
/// before the next draw. Used only on the engine thread.
final class Draw {
    private int token;
    private List<TokenLogprobs> logprobs = List.of();
    private double probability;
    private List<TokenLogprobs> draftLogprobs = List.of();

    /// A token that could be no other.
    Draw certain(int forced) {
        return set(forced, List.of(), 1, List.of());
    }

    /// A token of which nothing is told.
    Draw plain(int drawn) {
        return set(drawn, List.of(), 0, List.of());
    }

    /// A token.
    ///
    /// @param toldLogprobs its log probabilities, where they were asked for, else none
    /// @param share its probability among the tokens that could be drawn, where it counts; else 0
    /// @param toldDraft the log probabilities of the token that was guessed here, where they were
    ///   asked for
    /// @return this
    Draw set(
            int drawn,
            List<TokenLogprobs> toldLogprobs,
            double share,
            List<TokenLogprobs> toldDraft) {
        token = drawn;
        logprobs = toldLogprobs;
        probability = share;
        draftLogprobs = toldDraft;
        return this;
    }

    /// The token's id.
    int token() {
        return token;
    }

    /// Its log probabilities; none where they were not asked for.
    List<TokenLogprobs> logprobs() {
        return logprobs;
    }

    /// Its probability among the tokens that could be drawn; 0 where it does not count.
    double probability() {
        return probability;
    }

    /// The log probabilities of the token that was guessed here; none where they were not asked
    /// for.
    List<TokenLogprobs> draftLogprobs() {
        return draftLogprobs;
    }
}
