package dev.sluice.model;

import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

/// A decoder-only language model: token ids to logits.
///
/// Owns its packed weights and gives them back in [#close()]. Call [#forward] on the engine thread
/// only.
public interface CausalLm extends AutoCloseable {

    /// Sizes and constants.
    ModelConfig config();

    /// Bytes of [Workspace] that a step of these extents needs.
    long workspaceBytes(int maxTokens, int maxLogitRows);

    /// Runs one step: writes the keys and values of the batch's tokens into the cache and computes
    /// the logits of the token rows that the batch names.
    ///
    /// @param workspace reset here; the result lies in it and is valid until the next step
    /// @return float32 `[batch.numLogitRows(), vocabSize]`, in the order of the batch's logit rows;
    ///   zero rows when no logits were asked for
    Tensor forward(ForwardBatch batch, KvCache cache, Workspace workspace);

    /// Bytes of device memory held by the packed weights.
    long weightBytes();

    /// The number format of most of the weights, as [dev.sluice.compute.PackedMatrix#format()] has
    /// it.
    String weightFormat();

    @Override
    void close();
}
