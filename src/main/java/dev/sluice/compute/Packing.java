package dev.sluice.compute;

/// What a weight matrix is turned into when it is packed for a device.
public enum Packing {
    /// Keep the precision of the source: bf16 stays bf16, f16 stays f16, f32 stays f32, GGUF's
    /// 4-bit types become 4-bit panels and its 5- to 8-bit types 8-bit panels, exactly.
    SOURCE,
    /// Dequantise to float32 and compute in float32.
    FLOAT32,
    /// Round to bfloat16.
    BFLOAT16,
    /// Quantise to 8 bits, symmetric, one scale per group of 32 inputs (`wint8`).
    INT8,
    /// Quantise to 4 bits, one scale per group of 32 inputs (`wint4`).
    INT4
}
