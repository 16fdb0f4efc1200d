package dev.sluice.wrong.model;

/// A class of the model.
public final class Weights {
    private Weights() {}
}
