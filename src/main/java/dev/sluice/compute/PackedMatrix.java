package dev.sluice.compute;

/// Weights in a device's own layout, `[rows, cols]` (outputs by inputs). Immutable; owned by the
/// device that packed it until [Device#release(PackedMatrix)].
public interface PackedMatrix {
    /// Output features.
    int rows();

    /// Input features.
    int cols();

    /// Bytes of device memory that it holds, scales included.
    long bytes();

    /// The number format in one word for humans, for example `bf16`, `int8`, `int4+min` or a list
    /// when the parts differ.
    String format();
}
