package dev.sluice.embed;

import java.util.OptionalInt;

/// How much an engine does at once.
///
/// @param maxModelLen most tokens of one sequence, prompt and output; empty for the context that
///   the model was made for, which is also the most
/// @param maxNumSeqs sequences that run at once
/// @param maxNumBatchedTokens tokens computed in one step; longer prompts are computed in chunks.
///   Each costs its activations, and all sequences wait while a step is computed
/// @param blockSize tokens of one KV block
/// @param numBlocks blocks of the KV pool; empty for as many as are useful and a quarter of the
///   available memory holds
/// @param maxWaiting requests that may wait beside those that run; one more is refused
/// @param recompute whether a sequence whose blocks others needed is computed again; if not, it
///   ends there
/// @param prefixCaching whether keys and values stay in the pool for texts that begin alike. In
///   time all of the pool's memory is used then
public record BatchOptions(
        OptionalInt maxModelLen,
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int blockSize,
        OptionalInt numBlocks,
        int maxWaiting,
        boolean recompute,
        boolean prefixCaching) {
    /// Default of `maxNumSeqs`.
    public static final int MAX_NUM_SEQS = 64;

    /// Default of `maxNumBatchedTokens`.
    public static final int MAX_NUM_BATCHED_TOKENS = 512;

    /// Default of `blockSize`.
    public static final int BLOCK_SIZE = 64;

    /// Default of `maxWaiting`.
    public static final int MAX_WAITING = 4096;

    /// @throws ConfigurationException if a value is out of its range
    public BatchOptions {
        atLeast("--max-model-len", maxModelLen.orElse(2), 2);
        atLeast("--max-num-seqs", maxNumSeqs, 1);
        atLeast("--block-size", blockSize, 1);
        atLeast("--num-gpu-blocks-override", numBlocks.orElse(1), 1);
        if (maxNumBatchedTokens < maxNumSeqs) {
            throw new ConfigurationException(
                    "--max-num-batched-tokens must be at least --max-num-seqs (%d), for every running sequence gets a token in each step."
                            .formatted(maxNumSeqs));
        }
        atLeast("--scheduler-max-size", maxWaiting, 0);
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new ConfigurationException(
                    "%s must be at least %d and is %d.".formatted(name, least, value));
        }
    }

    /// What the server uses when it is told nothing.
    public static BatchOptions defaults() {
        return new BatchOptions(
                OptionalInt.empty(),
                MAX_NUM_SEQS,
                MAX_NUM_BATCHED_TOKENS,
                BLOCK_SIZE,
                OptionalInt.empty(),
                MAX_WAITING,
                true,
                true);
    }

    /// The same with another longest sequence.
    public BatchOptions withMaxModelLen(int tokens) {
        return new BatchOptions(
                OptionalInt.of(tokens),
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                maxWaiting,
                recompute,
                prefixCaching);
    }

    /// The same with another number of sequences that run at once, and room for them in a step.
    public BatchOptions withMaxNumSeqs(int number) {
        return new BatchOptions(
                maxModelLen,
                number,
                Math.max(number, maxNumBatchedTokens),
                blockSize,
                numBlocks,
                maxWaiting,
                recompute,
                prefixCaching);
    }

    /// The same with a KV pool of a fixed number of blocks.
    public BatchOptions withNumBlocks(int number) {
        return new BatchOptions(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                OptionalInt.of(number),
                maxWaiting,
                recompute,
                prefixCaching);
    }

    /// The same with sequences that end, rather than being computed again, where others need their
    /// blocks.
    public BatchOptions withoutRecomputing() {
        return new BatchOptions(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                maxWaiting,
                false,
                prefixCaching);
    }

    /// The same with prefix caching or without.
    public BatchOptions withPrefixCaching(boolean on) {
        return new BatchOptions(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                maxWaiting,
                recompute,
                on);
    }
}
