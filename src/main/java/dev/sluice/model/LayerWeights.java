package dev.sluice.model;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.Tensor;
import dev.sluice.model.LoadedWeights.Part;

import java.util.Optional;

/// Loads the parts of one decoder layer by their names below `model.layers.N`.
///
/// @param index the layer's number
/// @param normOffset what is added to the weights of its norms
record LayerWeights(ModelConfig config, LoadedWeights weights, int index, float normOffset) {

    /// A norm of the residual stream's width.
    RmsNorm norm(String name) {
        return weights.rmsNorm(
                path(name) + ".weight", config.hiddenSize(), config.rmsNormEps(), normOffset);
    }

    /// Queries, keys and values as one projection.
    Linear qkvProj(boolean biased) {
        return weights.linear(
                config.hiddenSize(),
                biased,
                new Part(path("self_attn.q_proj"), querySize(), config.numHeads()),
                new Part(path("self_attn.k_proj"), keySize(), config.numKvHeads()),
                new Part(path("self_attn.v_proj"), keySize(), config.numKvHeads()));
    }

    /// The norms of each query and key head.
    Optional<HeadNorms> qkNorm() {
        return Optional.of(
                new HeadNorms(
                        headNorm("self_attn.q_norm"),
                        headNorm("self_attn.k_norm"),
                        config.rmsNormEps()));
    }

    private Tensor headNorm(String name) {
        return weights.rmsNorm(
                        path(name) + ".weight", config.headDim(), config.rmsNormEps(), normOffset)
                .weight();
    }

    /// The projection behind attention.
    RowParallelLinear oProj(boolean biased) {
        return weights.rowParallel(
                querySize(), biased, new Part(path("self_attn.o_proj"), config.hiddenSize()));
    }

    /// Gate and input of the feed-forward layer as one projection.
    Linear gateUpProj(boolean biased) {
        return weights.linear(
                config.hiddenSize(),
                biased,
                new Part(path("mlp.gate_proj"), config.intermediateSize()),
                new Part(path("mlp.up_proj"), config.intermediateSize()));
    }

    /// The projection back to the residual stream's width.
    RowParallelLinear downProj(boolean biased) {
        return weights.rowParallel(
                config.intermediateSize(),
                biased,
                new Part(path("mlp.down_proj"), config.hiddenSize()));
    }

    /// The constants of the layer's attention on one rank.
    AttentionSpec attentionSpec() {
        ModelConfig shard = config.shard(weights.ranks());
        return new AttentionSpec(
                shard.numHeads(),
                shard.numKvHeads(),
                shard.headDim(),
                config.attentionScale(),
                config.layerWindows().get(index));
    }

    /// Whether the layer sees a window only.
    boolean isSliding() {
        return config.layerWindows().get(index).isPresent();
    }

    private int querySize() {
        return config.numHeads() * config.headDim();
    }

    private int keySize() {
        return config.numKvHeads() * config.headDim();
    }

    private String path(String name) {
        return "model.layers." + index + "." + name;
    }
}
