package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;

import java.util.List;

/// Turns scheduled sequences into one ragged batch and runs the model on it.
///
/// Owns the batch, the KV cache and the workspace. The model and the device are the caller's. Call
/// only on the engine thread.
final class ModelRunner implements AutoCloseable {
    private final CausalLm model;
    private final Device device;
    private final ForwardBatch batch;
    private final KvCache cache;
    private final Workspace workspace;

    /// @param maxLogitRows most rows of logits of a step
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    ModelRunner(EngineConfig config, int maxLogitRows, CausalLm model, Device device) {
        this.model = model;
        this.device = device;
        this.batch =
                new ForwardBatch(
                        config.maxNumBatchedTokens(),
                        config.maxNumSeqs(),
                        config.maxBlocksPerSequence(),
                        config.blockSize());
        this.cache =
                new KvCache(
                        device,
                        model.config(),
                        config.kvDtype(),
                        config.numBlocks(),
                        config.blockSize());
        this.workspace =
                new Workspace(
                        device, model.workspaceBytes(config.maxNumBatchedTokens(), maxLogitRows));
    }

    /// Computes the scheduled tokens of each sequence and its guesses.
    ///
    /// @return logits, float32 `[n, vocabSize]`: the [Sequence#numLogitRows()] rows of each
    ///   sequence, in the order of `step`; valid until the next call
    Tensor forward(List<Sequence> step) {
        batch.clear();
        for (Sequence sequence : step) {
            int scored = batch.numTokens() + sequence.scoreFrom() - sequence.numComputed();
            batch.add(
                    sequence.tokens(),
                    sequence.numComputed(),
                    sequence.numComputed() + sequence.numScheduled() + sequence.numDrafts(),
                    sequence.blockTable(),
                    sequence.numBlocks(),
                    false);
            for (int i = 0; i < sequence.numScoreRows(); i++) {
                batch.addLogitRow(scored + i);
            }
            if (sequence.draws()) {
                for (int i = sequence.numDrafts(); i >= 0; i--) {
                    batch.addLogitRow(batch.numTokens() - 1 - i);
                }
            }
        }
        int rows = batch.numLogitRows();
        batch.padTo(device.paddedTokens(batch));
        Tensor logits = model.forward(batch, cache, workspace);
        return batch.numLogitRows() == rows ? logits : logits.rows(0, rows);
    }

    @Override
    public void close() {
        workspace.close();
        cache.close();
        batch.close();
    }
}
