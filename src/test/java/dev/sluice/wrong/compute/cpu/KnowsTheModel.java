package dev.sluice.wrong.compute.cpu;

import dev.sluice.wrong.model.Weights;

/// A device that knows the model.
public record KnowsTheModel(Weights weights) {}
