package dev.sluice.wrong.compute.cuda.ffi;

import dev.sluice.wrong.model.Weights;

/// A binding that knows the model.
public record KnowsTheModel(Weights weights) {}
