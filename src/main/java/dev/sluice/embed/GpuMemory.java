package dev.sluice.embed;

import dev.sluice.compute.Device;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.StepLimits;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelConfig;

import java.util.Optional;

/// What steps take of a GPU's memory, decided before keys and values get what is left.
///
/// @param model whose weights are on the GPU
/// @param draft the small one that proposes tokens, on the GPU too
/// @param rows most rows of logits of a step
record GpuMemory(
        Device device, BatchOptions batch, CausalLm model, Optional<CausalLm> draft, int rows) {
    /// What the driver may add to the bytes of one allocation.
    private static final long ALLOCATION_BYTES = 2L << 20;

    /// Takes what steps need beside their tensors.
    ///
    /// @return bytes that are left for keys and values, on all ranks together; negative where
    ///   activations do not fit
    long takeAllButTheCache() {
        device.prepare(limits());
        int tokens = batch.maxNumBatchedTokens();
        long tensors =
                activations(model, tokens, rows)
                        + draft.map(small -> activations(small, tokens, batch.maxNumSeqs()))
                                .orElse(0L);
        return device.ranks() * (device.availableBytes() - tensors);
    }

    /// The workspace, and what rounding adds to it and to each layer of the cache.
    private static long activations(CausalLm model, int tokens, int rows) {
        return model.workspaceBytes(tokens, rows)
                + (1L + model.config().numLayers()) * ALLOCATION_BYTES;
    }

    private StepLimits limits() {
        ModelConfig shard = model.config().shard(device.ranks());
        ModelConfig other = draft.map(small -> small.config().shard(device.ranks())).orElse(shard);
        int numIds = shard.vocabSize();
        return new StepLimits(
                batch.maxNumBatchedTokens(),
                rows,
                Math.ceilDiv(KvPool.longest(batch, shard) - 1, batch.blockSize()),
                batch.blockSize(),
                Math.max(shard.numHeads(), other.numHeads()),
                Math.max(shard.headDim(), other.headDim()),
                numIds,
                SamplingBatch.bytesForSteps(rows, numIds));
    }
}
