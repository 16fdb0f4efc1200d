package dev.sluice.compute;

/// Norms by root mean square of each query head and each key head, before their rotation.
///
/// @param queries weight of the query heads, float32 `[headDim]`
/// @param keys weight of the key heads, float32 `[headDim]`
/// @param eps added to the mean square
public record HeadNorms(Tensor queries, Tensor keys, float eps) {}
