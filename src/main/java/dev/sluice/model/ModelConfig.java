package dev.sluice.model;

import dev.sluice.compute.Activation;

import java.util.List;

/// Sizes and constants of a model, every default resolved. Families read what they need.
///
/// @param architecture family name as `config.json`'s `architectures` or GGUF's
///   `general.architecture` gives it
/// @param vocabSize rows of the embedding table, which is also the width of the logits
/// @param hiddenSize width of the residual stream
/// @param intermediateSize width of the feed-forward layer
/// @param numLayers decoder layers
/// @param numHeads query heads
/// @param numKvHeads key and value heads
/// @param headDim elements of one head
/// @param maxPositions context length that the model was made for, in tokens
/// @param rmsNormEps added to the mean square
/// @param activation gate function
/// @param attentionScale factor on the attention scores
/// @param embeddingScale factor on the embeddings
/// @param rope rotation of global layers
/// @param localRope rotation of sliding-window layers; the same as `rope` where there are none
/// @param layerWindows per layer: sliding window in tokens, empty where the layer sees everything
/// @param tiedEmbeddings the head is the embedding table
public record ModelConfig(
        String architecture,
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        int maxPositions,
        float rmsNormEps,
        Activation activation,
        float attentionScale,
        float embeddingScale,
        RopeConfig rope,
        RopeConfig localRope,
        List<java.util.OptionalInt> layerWindows,
        boolean tiedEmbeddings) {
    public ModelConfig {
        layerWindows = List.copyOf(layerWindows);
    }

    /// What one of several ranks has of it: its share of the heads, or one key and value head that
    /// it shares with others, and of the feed-forward layer. All else is the same.
    ///
    /// @param ranks a number that the model can be spread over
    public ModelConfig shard(int ranks) {
        return new ModelConfig(
                architecture,
                vocabSize,
                hiddenSize,
                intermediateSize / ranks,
                numLayers,
                numHeads / ranks,
                Math.max(1, numKvHeads / ranks),
                headDim,
                maxPositions,
                rmsNormEps,
                activation,
                attentionScale,
                embeddingScale,
                rope,
                localRope,
                layerWindows,
                tiedEmbeddings);
    }
}
