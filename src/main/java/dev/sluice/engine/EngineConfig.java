package dev.sluice.engine;

import dev.sluice.compute.DType;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// How an engine is set up, every default resolved.
///
/// @param maxModelLen most tokens of one sequence, prompt and output
/// @param maxNumSeqs sequences that run at once. Each costs a row of logits (4 bytes a vocabulary
///   entry)
/// @param maxNumBatchedTokens tokens computed in one step, at least `maxNumSeqs`; longer prompts
///   are computed in chunks
/// @param blockSize tokens of one KV block
/// @param numBlocks blocks of the KV pool
/// @param kvDtype float32, bfloat16 or float16
/// @param maxWaiting requests that may wait beside the `maxNumSeqs` that run; one more is refused
///   as [ApiException.Overloaded]
/// @param eosTokenIds ids that end a sequence
/// @param recompute whether a sequence whose blocks were taken is computed again; if not, it ends
///   as [FinishReason#RECOVER_STOP]
/// @param logprobsMode what is reported as a log probability
/// @param prefixCaching whether keys and values stay findable for texts that begin alike. Costs 4
///   bytes a token of the KV pool, and the pool's blocks are all used in time
/// @param prefillTime time for prompts in a step in which sequences decode; empty for any
public record EngineConfig(
        int maxModelLen,
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int blockSize,
        int numBlocks,
        DType kvDtype,
        int maxWaiting,
        Set<Integer> eosTokenIds,
        boolean recompute,
        LogprobsMode logprobsMode,
        boolean prefixCaching,
        Optional<Duration> prefillTime) {
    public EngineConfig {
        eosTokenIds = Set.copyOf(eosTokenIds);
        if (maxModelLen < 2 || maxNumSeqs < 1 || blockSize < 1 || numBlocks < 1 || maxWaiting < 0) {
            throw new IllegalArgumentException(
                    "maxModelLen %d, maxNumSeqs %d, blockSize %d, numBlocks %d, maxWaiting %d"
                            .formatted(maxModelLen, maxNumSeqs, blockSize, numBlocks, maxWaiting));
        }
        if (maxNumBatchedTokens < maxNumSeqs) {
            throw new IllegalArgumentException(
                    "maxNumBatchedTokens %d is less than maxNumSeqs %d"
                            .formatted(maxNumBatchedTokens, maxNumSeqs));
        }
    }

    /// A configuration with prefix caching and without a limit of time.
    public EngineConfig(
            int maxModelLen,
            int maxNumSeqs,
            int maxNumBatchedTokens,
            int blockSize,
            int numBlocks,
            DType kvDtype,
            int maxWaiting,
            Set<Integer> eosTokenIds,
            boolean recompute,
            LogprobsMode logprobsMode) {
        this(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                kvDtype,
                maxWaiting,
                eosTokenIds,
                recompute,
                logprobsMode,
                true,
                Optional.empty());
    }

    /// A configuration with recomputing, raw log probabilities and prefix caching.
    public EngineConfig(
            int maxModelLen,
            int maxNumSeqs,
            int maxNumBatchedTokens,
            int blockSize,
            int numBlocks,
            DType kvDtype,
            int maxWaiting,
            Set<Integer> eosTokenIds) {
        this(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                kvDtype,
                maxWaiting,
                eosTokenIds,
                true,
                LogprobsMode.RAW_LOGPROBS);
    }

    /// The same with prefix caching or without.
    public EngineConfig withPrefixCaching(boolean on) {
        return new EngineConfig(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                kvDtype,
                maxWaiting,
                eosTokenIds,
                recompute,
                logprobsMode,
                on,
                prefillTime);
    }

    /// The same with a limit of the time for prompts in a step in which sequences decode.
    public EngineConfig withPrefillTime(Duration limit) {
        return new EngineConfig(
                maxModelLen,
                maxNumSeqs,
                maxNumBatchedTokens,
                blockSize,
                numBlocks,
                kvDtype,
                maxWaiting,
                eosTokenIds,
                recompute,
                logprobsMode,
                prefixCaching,
                Optional.of(limit));
    }

    /// Blocks that hold the keys and values of `tokens` tokens.
    public int blocksFor(int tokens) {
        return Math.ceilDiv(tokens, blockSize);
    }

    /// Longest block table of a sequence. The last token of a full context is never computed.
    int maxBlocksPerSequence() {
        return blocksFor(maxModelLen - 1);
    }
}
