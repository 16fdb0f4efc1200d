package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One step of a decoder: its batch and the activations that its layers share, float32. `n` is the
/// number of tokens of the batch; heads and widths are those of one rank. Serves all steps of the
/// same extents, so that a step makes no views of its own.
///
/// @param residual the residual stream, `[n, hidden]`
/// @param hidden what flows in and out of a sub-layer, `[n, hidden]`
/// @param part what one rank adds to a sum over all of them, `[n, hidden]`; `hidden` itself where
///   there is one rank
/// @param qkv queries, keys and values
/// @param attended what attention yields, `[n, heads * headDim]`
/// @param feedForward what the feed-forward layer works on
/// @param mlpRows the rows that it takes at once, one after the other
/// @param rotaryTables one for each kind of RoPE, `[n, headDim]`
/// @param lastLayer index of the last layer
/// @param last what goes on behind the last layer's attention; empty in that itself
record DecoderStep(
        Device device,
        ForwardBatch batch,
        KvCache cache,
        Tensor residual,
        Tensor hidden,
        Tensor part,
        Qkv qkv,
        Tensor attended,
        FeedForward feedForward,
        List<MlpRows> mlpRows,
        List<Tensor> rotaryTables,
        int lastLayer,
        Optional<DecoderStep> last) {

    /// Queries, keys and values side by side, `[n, (heads + 2 kvHeads) * headDim]`, and views of
    /// each.
    record Qkv(Tensor all, Tensor queries, Tensor keys, Tensor values) {
        private static Qkv of(Tensor all, ModelConfig config) {
            int queries = config.numHeads() * config.headDim();
            int keys = config.numKvHeads() * config.headDim();
            return new Qkv(
                    all,
                    all.columns(0, queries),
                    all.columns(queries, queries + keys),
                    all.columns(queries + keys, queries + 2 * keys));
        }
    }

    /// Memory of the feed-forward layer: for as many rows as it takes at once.
    ///
    /// @param gateUp gates and inputs, `[rows, 2 * intermediate]`
    /// @param gated their products, `[rows, intermediate]`
    record FeedForward(Tensor gateUp, Tensor gated) {
        /// Cuts a step's rows into as few pieces as fit, of nearly the same size: each reads all
        /// weights.
        private List<MlpRows> over(Tensor hidden, Tensor part) {
            List<MlpRows> pieces = new ArrayList<>();
            int count = Math.ceilDiv(hidden.rows(), Math.max(1, gateUp.rows()));
            for (int i = 0; i < count; i++) {
                int from = (int) ((long) hidden.rows() * i / count);
                int to = (int) ((long) hidden.rows() * (i + 1) / count);
                pieces.add(
                        new MlpRows(
                                hidden.rows(from, to),
                                gateUp.rows(0, to - from),
                                gated.rows(0, to - from),
                                part.rows(from, to)));
            }
            return List.copyOf(pieces);
        }
    }

    /// Some rows of the feed-forward layer.
    ///
    /// @param hidden its input
    /// @param gateUp gates and inputs
    /// @param gated their products
    /// @param part what one rank adds to its output
    record MlpRows(Tensor hidden, Tensor gateUp, Tensor gated, Tensor part) {}

    /// Takes the activations from the workspace.
    ///
    /// @param config of one rank's share
    /// @param lastResidual the residual stream of the tokens whose logits are wanted, `[logitRows,
    ///   hidden]`, from the last layer's attention on
    static DecoderStep begin(
            Device device,
            ForwardBatch batch,
            KvCache cache,
            Workspace workspace,
            ModelConfig config,
            int numRotaries,
            Tensor lastResidual) {
        List<Tensor> buffers =
                shapes(batch.numTokens(), device.rowsAtOnce(), config).stream()
                        .map(shape -> workspace.take(DType.F32, shape))
                        .toList();
        Shape width = Shape.of(batch.numTokens(), config.hiddenSize());
        Tensor residual = workspace.takeReplicated(DType.F32, width);
        Tensor hidden = workspace.takeReplicated(DType.F32, width);
        Tensor part = device.ranks() == 1 ? hidden : workspace.take(DType.F32, width);
        Shape rotation = Shape.of(batch.numTokens(), config.headDim());
        List<Tensor> tables = new ArrayList<>();
        for (int i = 0; i < numRotaries; i++) {
            tables.add(workspace.takeReplicated(DType.F32, rotation));
        }
        FeedForward feedForward = new FeedForward(buffers.get(2), buffers.get(3));
        DecoderStep all =
                new DecoderStep(
                        device,
                        batch,
                        cache,
                        residual,
                        hidden,
                        part,
                        Qkv.of(buffers.get(0), config),
                        buffers.get(1),
                        feedForward,
                        feedForward.over(hidden, part),
                        List.copyOf(tables),
                        config.numLayers() - 1,
                        Optional.empty());
        return all.endingWith(all.rows(lastResidual));
    }

    private DecoderStep endingWith(DecoderStep rest) {
        return new DecoderStep(
                device,
                batch,
                cache,
                residual,
                hidden,
                part,
                qkv,
                attended,
                feedForward,
                mlpRows,
                rotaryTables,
                lastLayer,
                Optional.of(rest));
    }

    /// The step of the tokens whose logits are wanted, in the order of the logits. Their attention
    /// takes the place of queries, keys and values, which are done with by then.
    private DecoderStep rows(Tensor lastResidual) {
        int rows = lastResidual.rows();
        Tensor rest = hidden.rows(0, rows);
        Tensor restPart = part == hidden ? rest : part.rows(0, rows);
        return new DecoderStep(
                device,
                batch,
                cache,
                lastResidual,
                rest,
                restPart,
                qkv,
                qkv.all().columns(0, attended.columns()).rows(0, rows),
                feedForward,
                feedForward.over(rest, restPart),
                rotaryTables,
                lastLayer,
                Optional.empty());
    }

    /// Computes the rotation tables, each at the index of its kind of RoPE.
    void rotate(List<RotaryEmbedding> rotaries) {
        for (int i = 0; i < rotaries.size(); i++) {
            rotaries.get(i).table(device, batch, rotaryTables.get(i));
        }
    }

    /// Where a rank writes what it adds to a sum: in the sum's place where there is one rank.
    ///
    /// @param sum `[n, hidden]`
    Tensor partOf(Tensor sum) {
        return part == hidden ? sum : part;
    }

    /// What goes on behind a layer's attention: behind the last one only the tokens whose logits
    /// are wanted.
    DecoderStep behindAttention(int layer) {
        if (layer < lastLayer) {
            return this;
        }
        DecoderStep rest = last.orElseThrow();
        if (!rest.isEmpty()) {
            device.gatherLogitRows(attended, batch, rest.attended);
            device.gatherLogitRows(residual, batch, rest.residual);
        }
        return rest;
    }

    /// Whether no token goes on.
    boolean isEmpty() {
        return hidden.rows() == 0;
    }

    /// Bytes of workspace that a step takes, without [#part].
    ///
    /// @param rowsAtOnce of the device
    /// @param config of one rank's share
    static long bytes(int numTokens, int rowsAtOnce, ModelConfig config, int numRotaries) {
        Shape width = Shape.of(numTokens, config.hiddenSize());
        Shape rotation = Shape.of(numTokens, config.headDim());
        return 2 * Workspace.bytesFor(DType.F32, width)
                + numRotaries * Workspace.bytesFor(DType.F32, rotation)
                + shapes(numTokens, rowsAtOnce, config).stream()
                        .mapToLong(shape -> Workspace.bytesFor(DType.F32, shape))
                        .sum();
    }

    private static List<Shape> shapes(int numTokens, int rowsAtOnce, ModelConfig config) {
        int atOnce = Math.min(numTokens, rowsAtOnce);
        int attended = config.numHeads() * config.headDim();
        int keys = config.numKvHeads() * config.headDim();
        return List.of(
                Shape.of(numTokens, attended + 2 * keys),
                Shape.of(numTokens, attended),
                Shape.of(atOnce, 2 * config.intermediateSize()),
                Shape.of(atOnce, config.intermediateSize()));
    }
}
