package dev.sluice.embed;

/// Weights made smaller while they are loaded.
public enum Quantization {
    /// 8 bits a weight, one scale for 32 weights.
    WINT8,
    /// 4 bits a weight, one scale for 32 weights.
    WINT4
}
