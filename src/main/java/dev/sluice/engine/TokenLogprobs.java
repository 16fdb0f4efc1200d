package dev.sluice.engine;

import java.util.List;

/// The log probabilities of one position.
///
/// @param chosen the token that is there
/// @param top the most likely tokens, the likeliest first, as many as were asked for; holds the
///   chosen one only if it is among them
public record TokenLogprobs(TokenLogprob chosen, List<TokenLogprob> top) {
    public TokenLogprobs {
        top = List.copyOf(top);
    }
}
