package dev.sluice.compute;

import java.util.OptionalInt;

/// How a token is drawn from a row of logits.
///
/// The greedy choice is the largest logit before the temperature, the lowest id among equals.
/// Otherwise the weights are `exp((logit - largest) / temperature)`; min-p, top-k and top-p drop
/// some, in this order, and the first token with which the running sum of the rest exceeds
/// `uniform` times their total is drawn.
///
/// @param greedy the most likely token is taken; of the rest only the temperature counts, for what
///   is reported
/// @param temperature divides the logits; above 0
/// @param topK the most likely tokens that stay, 1 or more; empty for all. Among equal logits the
///   lower id is the more likely one
/// @param topP a token stays if the mass of the more likely ones is at most this share; 1 keeps
///   all. Among equal weights the lower id is the more likely one
/// @param minP a token stays if its weight is at least this; in `[0, 1]`
/// @param uniform random number in `[0, 1)`
public record DrawSpec(
        boolean greedy,
        float temperature,
        OptionalInt topK,
        float topP,
        float minP,
        double uniform) {
    /// The most likely token.
    public static final DrawSpec GREEDY = new DrawSpec(true, 1, OptionalInt.empty(), 1, 0, 0);
}
