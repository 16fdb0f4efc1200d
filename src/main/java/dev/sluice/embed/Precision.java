package dev.sluice.embed;

/// The type of the arithmetic.
public enum Precision {
    /// The precision of the model's file, in the formats that the device computes fastest.
    AUTO,
    /// Weights rounded to bfloat16.
    BFLOAT16,
    /// Weights, activations, keys and values in float32: exact and slow.
    FLOAT32
}
