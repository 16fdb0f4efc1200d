package dev.sluice.compute;

/// How the pairs of a head are rotated by position.
///
/// @param headDim elements of one head
/// @param rotaryDim leading elements that are rotated; even, at most `headDim`
/// @param interleaved pairs are `(2i, 2i + 1)` (ERNIE); otherwise `(i, i + rotaryDim / 2)`
public record RotarySpec(int headDim, int rotaryDim, boolean interleaved) {}
