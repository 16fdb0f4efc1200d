package dev.sluice.compute;

/// What no step of a model exceeds, on one rank.
///
/// @param maxTokens tokens of a step
/// @param maxSequences sequences of a step, and rows that are drawn from
/// @param maxBlocks blocks of one sequence
/// @param blockSize tokens of a block, an even number up to [#LARGEST_BLOCK]
/// @param numHeads query heads of a layer
/// @param headDim elements of a head
/// @param vocabSize columns of the logits
/// @param samplingBytes see [SamplingBatch#bytesForSteps]
public record StepLimits(
        int maxTokens,
        int maxSequences,
        int maxBlocks,
        int blockSize,
        int numHeads,
        int headDim,
        int vocabSize,
        long samplingBytes) {
    /// Most tokens of a block; all sizes are even.
    public static final int LARGEST_BLOCK = 256;

    /// Most elements of a head.
    public static final int LARGEST_HEAD = 512;

    /// All head sizes are a multiple of this.
    public static final int HEAD_MULTIPLE = 8;

    /// Tokens that no context exceeds.
    public int maxContext() {
        return Math.multiplyExact(maxBlocks, blockSize);
    }
}
