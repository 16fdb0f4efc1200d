package dev.sluice.embed;

import dev.sluice.compute.StepLimits;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// How much an engine does at once.
///
/// @param maxModelLen most tokens of one sequence, prompt and output; empty for the context that
///   the model was made for, which is also the most
/// @param maxNumSeqs sequences that run at once, at most 65,536
/// @param maxNumBatchedTokens tokens computed in one step, at most 1,048,576; longer prompts are
///   computed in chunks. Each costs its activations, and all sequences wait while a step is
///   computed
/// @param blockSize tokens of one KV block, an even number up to 256
/// @param numBlocks blocks of the KV pool; empty for as many as are useful and a quarter of the
///   available memory holds
/// @param maxWaiting requests that may wait beside those that run; one more is refused
/// @param recompute whether a sequence whose blocks others needed is computed again; if not, it
///   ends there
/// @param prefixCaching whether keys and values stay in the pool for texts that begin alike. In
///   time all of the pool's memory is used then
/// @param prefillTime time for prompts in a step in which sequences wait for their next token; zero
///   for any; empty for what suits the device, which is [#CPU_PREFILL_TIME] on a CPU and any on a
///   GPU
public record BatchOptions(
        OptionalInt maxModelLen,
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int blockSize,
        OptionalInt numBlocks,
        int maxWaiting,
        boolean recompute,
        boolean prefixCaching,
        Optional<Duration> prefillTime) {
    /// Default of `maxNumSeqs`.
    public static final int MAX_NUM_SEQS = 64;

    /// Default of `maxNumBatchedTokens`.
    public static final int MAX_NUM_BATCHED_TOKENS = 512;

    /// Default of `blockSize`.
    public static final int BLOCK_SIZE = 64;

    /// Default of `maxWaiting`.
    public static final int MAX_WAITING = 4096;

    /// Default of `prefillTime` on a CPU.
    public static final Duration CPU_PREFILL_TIME = Duration.ofMillis(30);

    // Beyond what any machine gains by; sizes that follow from them stay within 63 bits.
    private static final int MOST_SEQS = 1 << 16;
    private static final int MOST_BATCHED_TOKENS = 1 << 20;
    private static final int MOST_WAITING = 1 << 20;

    /// @throws ConfigurationException if a value is out of its range
    public BatchOptions {
        atLeast("--max-model-len", maxModelLen.orElse(2), 2);
        atLeast("--max-num-seqs", maxNumSeqs, 1);
        atMost("--max-num-seqs", maxNumSeqs, MOST_SEQS);
        if (blockSize % 2 != 0 || blockSize < 2 || blockSize > StepLimits.LARGEST_BLOCK) {
            throw new ConfigurationException(
                    "--block-size must be an even number from 2 to %d and is %d."
                            .formatted(StepLimits.LARGEST_BLOCK, blockSize));
        }
        atLeast("--num-gpu-blocks-override", numBlocks.orElse(1), 1);
        if (maxNumBatchedTokens < maxNumSeqs) {
            throw new ConfigurationException(
                    "--max-num-batched-tokens must be at least --max-num-seqs (%d), for every running sequence gets a token in each step."
                            .formatted(maxNumSeqs));
        }
        atMost("--max-num-batched-tokens", maxNumBatchedTokens, MOST_BATCHED_TOKENS);
        atLeast("--scheduler-max-size", maxWaiting, 0);
        atMost("--scheduler-max-size", maxWaiting, MOST_WAITING);
        if (prefillTime.filter(Duration::isNegative).isPresent()) {
            throw new ConfigurationException("--prefill-time-per-step must not be below 0.");
        }
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new ConfigurationException(
                    "%s must be at least %d and is %d.".formatted(name, least, value));
        }
    }

    private static void atMost(String name, int value, int most) {
        if (value > most) {
            throw new ConfigurationException(
                    "%s must be at most %d and is %d.".formatted(name, most, value));
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
                true,
                Optional.empty());
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
                prefixCaching,
                prefillTime);
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
                prefixCaching,
                prefillTime);
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
                prefixCaching,
                prefillTime);
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
                prefixCaching,
                prefillTime);
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
                on,
                prefillTime);
    }

    /// The same with another time for prompts in a step.
    public BatchOptions withPrefillTime(Duration limit) {
        return new BatchOptions(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                maxWaiting,
                recompute,
                prefixCaching,
                Optional.of(limit));
    }

    /// The time for prompts in a step, if there is a limit.
    Optional<Duration> prefillTime(boolean isOnGpu) {
        return prefillTime
                .or(() -> isOnGpu ? Optional.empty() : Optional.of(CPU_PREFILL_TIME))
                .filter(Duration::isPositive);
    }
}
