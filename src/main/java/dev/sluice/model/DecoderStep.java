package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

import java.util.ArrayList;
import java.util.List;

/// One step of a decoder: its batch and the activations that its layers share, float32. `n` is the
/// number of tokens of the batch.
///
/// @param residual the residual stream, `[n, hidden]`
/// @param hidden what flows in and out of a sub-layer, `[n, hidden]`
/// @param qkv queries, keys and values, `[n, (heads + 2 kvHeads) * headDim]`
/// @param attended what attention yields, `[n, heads * headDim]`
/// @param gateUp gates and inputs of the feed-forward layer, `[n, 2 * intermediate]`
/// @param gated their products, `[n, intermediate]`
/// @param rotaryTables one for each kind of RoPE, `[n, headDim]`
/// @param lastLayer index of the last layer
/// @param lastResidual the residual stream of the tokens whose logits are wanted, `[logitRows,
///   hidden]`, from the last layer's attention on
record DecoderStep(
        Device device,
        ForwardBatch batch,
        KvCache cache,
        Tensor residual,
        Tensor hidden,
        Tensor qkv,
        Tensor attended,
        Tensor gateUp,
        Tensor gated,
        List<Tensor> rotaryTables,
        int lastLayer,
        Tensor lastResidual) {

    /// Takes the activations from the workspace.
    ///
    /// @param lastResidual for the rows of logits
    static DecoderStep begin(
            Device device,
            ForwardBatch batch,
            KvCache cache,
            Workspace workspace,
            ModelConfig config,
            int numRotaries,
            Tensor lastResidual) {
        List<Tensor> buffers =
                shapes(batch.numTokens(), config, numRotaries).stream()
                        .map(shape -> workspace.take(DType.F32, shape))
                        .toList();
        return new DecoderStep(
                device,
                batch,
                cache,
                buffers.get(0),
                buffers.get(1),
                buffers.get(2),
                buffers.get(3),
                buffers.get(4),
                buffers.get(5),
                buffers.subList(6, buffers.size()),
                config.numLayers() - 1,
                lastResidual);
    }

    /// Computes the rotation tables.
    void rotate(List<RotaryEmbedding> rotaries) {
        rotaries.forEach(rotary -> rotary.table(device, batch, rotaryTables.get(rotary.index())));
    }

    /// What goes on behind a layer's attention: behind the last one only the tokens whose logits
    /// are wanted, in the order of the logits. They take the place of queries, keys and values,
    /// which are done with.
    DecoderStep behindAttention(int layer) {
        if (layer < lastLayer) {
            return this;
        }
        int rows = batch.numLogitRows();
        Tensor lastAttended = qkv.columns(0, attended.columns()).rows(0, rows);
        if (rows > 0) {
            device.gatherLogitRows(attended, batch, lastAttended);
            device.gatherLogitRows(residual, batch, lastResidual);
        }
        return new DecoderStep(
                device,
                batch,
                cache,
                lastResidual,
                hidden.rows(0, rows),
                qkv.rows(0, rows),
                lastAttended,
                gateUp.rows(0, rows),
                gated.rows(0, rows),
                rotaryTables,
                lastLayer,
                lastResidual);
    }

    /// Whether no token goes on.
    boolean isEmpty() {
        return hidden.rows() == 0;
    }

    /// Bytes of workspace that a step takes.
    static long bytes(int numTokens, ModelConfig config, int numRotaries) {
        return shapes(numTokens, config, numRotaries).stream()
                .mapToLong(shape -> Workspace.bytesFor(DType.F32, shape))
                .sum();
    }

    private static List<Shape> shapes(int numTokens, ModelConfig config, int numRotaries) {
        int attended = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        List<Shape> shapes = new ArrayList<>();
        shapes.add(Shape.of(numTokens, config.hiddenSize()));
        shapes.add(Shape.of(numTokens, config.hiddenSize()));
        shapes.add(Shape.of(numTokens, attended + 2 * keys));
        shapes.add(Shape.of(numTokens, attended));
        shapes.add(Shape.of(numTokens, 2 * config.intermediateSize()));
        shapes.add(Shape.of(numTokens, config.intermediateSize()));
        for (int i = 0; i < numRotaries; i++) {
            shapes.add(Shape.of(numTokens, config.headDim()));
        }
        return shapes;
    }
}
