package dev.sluice.cli;

import dev.sluice.model.ModelConfig;

/// The arithmetic of a model, counted.
final class ModelWork {
    /// A product and a sum.
    private static final double OPERATIONS_PER_WEIGHT = 2;

    private ModelWork() {}

    /// Operations of the layers' products for one token. Attention scores, norms and the head,
    /// which is computed for the last token of a prompt only, are left out.
    static double operationsPerToken(ModelConfig config) {
        double hidden = config.hiddenSize();
        double queries = (double) config.numHeads() * config.headDim();
        double keysAndValues = 2.0 * config.numKvHeads() * config.headDim();
        double attention = hidden * (queries + keysAndValues) + queries * hidden;
        double feedForward = 3 * hidden * config.intermediateSize();
        return OPERATIONS_PER_WEIGHT * config.numLayers() * (attention + feedForward);
    }

    /// Operations of the output head for one token.
    static double headOperations(ModelConfig config) {
        return OPERATIONS_PER_WEIGHT * config.hiddenSize() * config.vocabSize();
    }
}
