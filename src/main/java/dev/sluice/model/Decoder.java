package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// A decoder-only transformer: embedding, layers, norm, head.
final class Decoder implements CausalLm {
    private static final Logger LOG = LoggerFactory.getLogger(Decoder.class);
    private static final String TOKENS = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    private final ModelConfig config;

    /// What one rank has of it.
    private final ModelConfig shard;

    private final LoadedWeights weights;
    private final List<RotaryEmbedding> rotaries;
    private final PackedMatrix embedTokens;
    private final List<DecoderLayer> layers;
    private final RmsNorm norm;
    private final PackedMatrix lmHead;

    /// That of the last step, which those after it mostly resemble.
    private Optional<Plan> plan = Optional.empty();

    /// Tensors and operations of all steps of the same extents: their activations lie in the same
    /// places of the workspace.
    ///
    /// @param key of the operations
    private record Plan(
            DecoderStep step, Tensor logits, Workspace workspace, Object key, Runnable operations) {
        boolean fits(ForwardBatch batch, KvCache cache, Workspace workspace) {
            return this.workspace == workspace
                    && step.batch() == batch
                    && step.cache() == cache
                    && step.residual().rows() == batch.numTokens()
                    && logits.rows() == batch.numLogitRows();
        }
    }

    private Decoder(
            ModelConfig config,
            LoadedWeights weights,
            List<RotaryEmbedding> rotaries,
            PackedMatrix embedTokens,
            List<DecoderLayer> layers,
            RmsNorm norm,
            PackedMatrix lmHead) {
        this.config = config;
        this.shard = config.shard(weights.ranks());
        this.weights = weights;
        this.rotaries = List.copyOf(rotaries);
        this.embedTokens = embedTokens;
        this.layers = List.copyOf(layers);
        this.norm = norm;
        this.lmHead = lmHead;
    }

    /// Loads a decoder whose norms have their weights as the file does.
    static Decoder load(
            ModelConfig config,
            LoadedWeights weights,
            List<RotaryEmbedding> rotaries,
            Function<LayerWeights, DecoderLayer> layer) {
        return load(config, weights, rotaries, 0, layer);
    }

    /// Loads a decoder.
    ///
    /// @param weights owned by the decoder once this returns
    /// @param rotaries all that its layers use, each at its index
    /// @param normOffset added to the weights of the norms
    /// @param layer loads one layer
    static Decoder load(
            ModelConfig config,
            LoadedWeights weights,
            List<RotaryEmbedding> rotaries,
            float normOffset,
            Function<LayerWeights, DecoderLayer> layer) {
        int rows = config.vocabSize();
        int cols = config.hiddenSize();
        boolean tied = isTied(config, weights);
        PackedMatrix embedTokens =
                tied ? weights.head(TOKENS, rows, cols) : weights.table(TOKENS, rows, cols);
        List<DecoderLayer> layers = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(layer.apply(new LayerWeights(config, weights, i, normOffset)));
        }
        RmsNorm norm = weights.rmsNorm("model.norm.weight", cols, config.rmsNormEps(), normOffset);
        PackedMatrix lmHead = tied ? embedTokens : weights.head(HEAD, rows, cols);
        return new Decoder(config, weights, rotaries, embedTokens, layers, norm, lmHead);
    }

    /// Whether the embedding is the head. A head that is stored and is another one was trained by
    /// itself, whatever the configuration says.
    private static boolean isTied(ModelConfig config, LoadedWeights weights) {
        if (!config.tiedEmbeddings()
                || weights.onlyChecks()
                || !weights.source().differ(TOKENS, HEAD)) {
            return config.tiedEmbeddings();
        }
        LOG.warn(
                "{} differs from {}, to which the configuration ties it (tie_word_embeddings); using"
                        + " it as it is stored",
                HEAD,
                TOKENS);
        return false;
    }

    @Override
    public Tensor forward(ForwardBatch batch, KvCache cache, Workspace workspace) {
        if (plan.isEmpty() || !plan.get().fits(batch, cache, workspace)) {
            plan = Optional.of(plan(batch, cache, workspace));
        }
        Plan now = plan.get();
        weights.device().run(batch, now.key(), now.operations());
        return now.logits();
    }

    private Plan plan(ForwardBatch batch, KvCache cache, Workspace workspace) {
        workspace.reset();
        Device device = weights.device();
        int rows = batch.numLogitRows();
        Tensor logits = workspace.takeReplicated(DType.F32, Shape.of(rows, config.vocabSize()));
        Tensor ownLogits =
                device.ranks() == 1
                        ? logits
                        : workspace.take(DType.F32, Shape.of(rows, lmHead.rows()));
        Tensor last = workspace.takeReplicated(DType.F32, Shape.of(rows, config.hiddenSize()));
        DecoderStep step =
                DecoderStep.begin(device, batch, cache, workspace, shard, rotaries.size(), last);
        return new Plan(
                step,
                logits,
                workspace,
                List.of(this, cache, workspace),
                () -> compute(step, last, ownLogits, logits));
    }

    /// What a device may replay.
    private void compute(DecoderStep step, Tensor last, Tensor ownLogits, Tensor logits) {
        Device device = step.device();
        Tensor residual = step.residual();
        Tensor hidden = step.hidden();
        step.rotate(rotaries);
        Tensor embedded = step.partOf(residual);
        device.embedding(embedTokens, step.batch(), config.embeddingScale(), embedded);
        device.allReduce(embedded, residual);
        layers.getFirst().inputLayernorm().forward(device, residual, hidden);
        DecoderStep rest = layers.getFirst().forward(step);
        for (int i = 1; i < layers.size(); i++) {
            layers.get(i).inputLayernorm().forwardSum(device, residual, hidden, hidden);
            rest = layers.get(i).forward(step);
        }
        if (last.rows() > 0) {
            device.add(last, rest.hidden());
            norm.forward(device, last, last);
            device.linear(last, lmHead, ownLogits);
            device.gatherColumns(ownLogits, logits);
        }
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public long workspaceBytes(int maxTokens, int maxLogitRows) {
        return bytes(maxLogitRows, config.vocabSize())
                + bytes(maxLogitRows, config.hiddenSize())
                + DecoderStep.bytes(
                        maxTokens, weights.device().rowsAtOnce(), shard, rotaries.size())
                + (weights.ranks() == 1 ? 0 : bytesOfParts(maxTokens, maxLogitRows));
    }

    private long bytesOfParts(int maxTokens, int maxLogitRows) {
        return bytes(maxTokens, config.hiddenSize()) + bytes(maxLogitRows, lmHead.rows());
    }

    private static long bytes(int rows, int columns) {
        return Workspace.bytesFor(DType.F32, Shape.of(rows, columns));
    }

    @Override
    public long weightBytes() {
        return weights.bytes();
    }

    @Override
    public String weightFormat() {
        return weights.format();
    }

    @Override
    public void close() {
        weights.close();
    }
}
