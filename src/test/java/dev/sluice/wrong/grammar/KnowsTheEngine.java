package dev.sluice.wrong.grammar;

import dev.sluice.wrong.engine.UsesVertx;

record KnowsTheEngine(UsesVertx engine) {}
