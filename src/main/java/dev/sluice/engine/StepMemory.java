package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.Workspace;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;

/// What a model computes its steps in. Whoever made it closes it; for the engine thread.
record StepMemory(ForwardBatch batch, KvCache cache, Workspace workspace) implements AutoCloseable {

    /// Takes the memory of the largest step.
    ///
    /// @param maxSequences most sequences of a batch
    /// @param maxLogitRows most rows of logits of a step
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    static StepMemory of(
            EngineConfig config,
            int maxSequences,
            int maxLogitRows,
            CausalLm model,
            Device device) {
        int maxTokens = config.maxNumBatchedTokens();
        try (MadeSoFar made = new MadeSoFar()) {
            ForwardBatch batch =
                    made.keep(
                            new ForwardBatch(
                                    maxTokens,
                                    maxSequences,
                                    config.maxBlocksPerSequence(),
                                    config.blockSize()),
                            ForwardBatch::close);
            KvCache cache =
                    made.keep(
                            new KvCache(
                                    device,
                                    model.config(),
                                    config.kvDtype(),
                                    config.numBlocks(),
                                    config.blockSize()),
                            KvCache::close);
            Workspace workspace =
                    new Workspace(device, model.workspaceBytes(maxTokens, maxLogitRows));
            made.complete();
            return new StepMemory(batch, cache, workspace);
        }
    }

    @Override
    public void close() {
        workspace.close();
        cache.close();
        batch.close();
    }
}
