package dev.sluice.compute;

/// Gate functions of a gated feed-forward layer.
public enum Activation {
    /// `x * sigmoid(x)`.
    SILU,
    /// Gaussian error linear unit, tanh approximation.
    GELU_TANH
}
