package dev.sluice.wrong.compute.check;

import dev.sluice.wrong.model.Weights;

record KnowsTheModel(Weights weights) {}
