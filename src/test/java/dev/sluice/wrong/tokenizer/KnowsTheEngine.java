package dev.sluice.wrong.tokenizer;

import dev.sluice.wrong.engine.UsesVertx;

/// A tokenizer that knows the engine.
public record KnowsTheEngine(UsesVertx engine) {}
