package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.model.CausalLm;

import java.util.List;

/// Turns scheduled sequences into one ragged batch and runs the model on it.
///
/// Owns the memory of its steps. The model and the device are the caller's. Call only on the engine
/// thread.
final class ModelRunner implements AutoCloseable {
    private final CausalLm model;
    private final Device device;
    private final StepMemory memory;
    private final ForwardBatch batch;

    /// @param maxLogitRows most rows of logits of a step
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    ModelRunner(EngineConfig config, int maxLogitRows, CausalLm model, Device device) {
        this.model = model;
        this.device = device;
        this.memory = StepMemory.of(config, maxLogitRows, maxLogitRows, model, device);
        this.batch = memory.batch();
    }

    /// Computes the scheduled tokens of each sequence and its guesses.
    ///
    /// @return logits, float32 `[n, vocabSize]`: the [Sequence#numLogitRows()] rows of each
    ///   sequence, in the order of `step`; valid until the next call
    Tensor forward(List<Sequence> step) {
        batch.clear();
        for (int i = 0; i < step.size(); i++) {
            Sequence sequence = step.get(i);
            if (sequence.numDrafts() > 0) {
                addRun(sequence);
            } else {
                add(sequence);
            }
        }
        int rows = batch.numLogitRows();
        batch.padTo(device.paddedTokens(batch));
        Tensor logits = model.forward(batch, memory.cache(), memory.workspace());
        return batch.numLogitRows() == rows ? logits : logits.rows(0, rows);
    }

    private void add(Sequence sequence) {
        int scored = batch.numTokens() + sequence.scoreFrom() - sequence.numComputed();
        batch.add(
                sequence.tokens(),
                sequence.numComputed(),
                sequence.numComputed() + sequence.numScheduled(),
                sequence.blockTable(),
                sequence.numBlocks(),
                false);
        for (int i = 0; i < sequence.numScoreRows(); i++) {
            batch.addLogitRow(scored + i);
        }
        if (sequence.draws()) {
            batch.addLogitRow(batch.numTokens() - 1);
        }
    }

    /// Adds the last token and the guesses behind it each as a sequence of one token, with the same
    /// blocks: keys and values of all tokens are stored before any of them is attended to. So each
    /// is computed exactly as it would be alone, by whatever the device has for decoding.
    private void addRun(Sequence sequence) {
        int end = sequence.length() + sequence.numDrafts();
        for (int at = sequence.numComputed(); at < end; at++) {
            batch.add(
                    sequence.tokens(),
                    at,
                    at + 1,
                    sequence.blockTable(),
                    sequence.numBlocks(),
                    true);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
