package dev.sluice.compute;

/// Element types of tensors and of weights in files.
///
/// The quantised constants are GGUF's block types, a fixed number of elements of which share one
/// block of bytes, and [#I8].
///
/// @see "GGUF and ggml block formats: ggml-common.h of ggml-org/ggml"
public enum DType {
    F32(1, 4),
    F16(1, 2),
    BF16(1, 2),
    I32(1, 4),
    Q4_0(32, 18),
    Q4_1(32, 20),
    Q5_0(32, 22),
    Q5_1(32, 24),
    Q8_0(32, 34),
    Q4_K(256, 144),
    Q5_K(256, 176),
    Q6_K(256, 210),
    /// Signed bytes, as weights times a scale of their row that lies elsewhere
    /// ([MatrixSource#rowScales]); counted in blocks of 32, as the others.
    I8(32, 32);

    private final int blockElements;
    private final int blockBytes;

    DType(int blockElements, int blockBytes) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /// Elements in one block; 1 for the plain types.
    public int blockElements() {
        return blockElements;
    }

    /// Bytes of one block.
    public int blockBytes() {
        return blockBytes;
    }

    /// Whether the type is one of the block formats or I8.
    public boolean isQuantized() {
        return blockElements > 1;
    }

    /// Bytes that hold `elements` elements.
    ///
    /// @throws IllegalArgumentException if `elements` is no multiple of the block
    /// @throws ArithmeticException if the size exceeds a long
    public long bytesFor(long elements) {
        if (elements < 0 || elements % blockElements != 0) {
            throw new IllegalArgumentException(
                    elements + " elements are no whole number of " + this + " blocks");
        }
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }
}
