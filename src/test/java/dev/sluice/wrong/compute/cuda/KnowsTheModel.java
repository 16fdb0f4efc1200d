package dev.sluice.wrong.compute.cuda;

import dev.sluice.wrong.model.Weights;

record KnowsTheModel(Weights weights) {}
