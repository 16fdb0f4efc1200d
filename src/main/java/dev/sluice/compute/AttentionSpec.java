package dev.sluice.compute;

import java.util.OptionalInt;

/// The constants of one attention layer.
///
/// @param numHeads query heads
/// @param numKvHeads key and value heads; divides `numHeads`
/// @param headDim elements of one head
/// @param scale factor on the scores, usually `headDim^-0.5`
/// @param slidingWindow when present, a query at position `p` sees keys at positions greater than
///   `p - slidingWindow` only
public record AttentionSpec(
        int numHeads, int numKvHeads, int headDim, float scale, OptionalInt slidingWindow) {}
