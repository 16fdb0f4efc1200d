package dev.sluice.engine;

import dev.sluice.compute.DType;

import java.util.Set;

/// How an engine is set up, every default resolved.
///
/// @param maxModelLen most tokens of one sequence, prompt and output
/// @param maxNumSeqs sequences that run at once. Each costs a row of logits (4 bytes a vocabulary
///   entry)
/// @param maxNumBatchedTokens tokens computed in one step; longer prompts are computed in chunks
/// @param blockSize tokens of one KV block
/// @param numBlocks blocks of the KV pool
/// @param kvDtype float32, bfloat16 or float16
/// @param maxWaiting requests that may wait; one more is refused as [ApiException.Overloaded]
/// @param eosTokenIds ids that end a sequence
public record EngineConfig(
        int maxModelLen,
        int maxNumSeqs,
        int maxNumBatchedTokens,
        int blockSize,
        int numBlocks,
        DType kvDtype,
        int maxWaiting,
        Set<Integer> eosTokenIds) {
    public EngineConfig {
        eosTokenIds = Set.copyOf(eosTokenIds);
    }
}
