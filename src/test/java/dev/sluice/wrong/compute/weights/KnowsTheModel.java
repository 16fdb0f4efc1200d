package dev.sluice.wrong.compute.weights;

import dev.sluice.wrong.model.Weights;

/// Packing that knows the model.
public record KnowsTheModel(Weights weights) {}
