package dev.sluice.wrong.engine;

import dev.sluice.wrong.tokenizer.KnowsTheEngine;

import io.vertx.core.Vertx;

/// A class of the engine that knows Vert.x, and a room that knows the engine.
public record UsesVertx(Vertx vertx, KnowsTheEngine tokenizer) {}
