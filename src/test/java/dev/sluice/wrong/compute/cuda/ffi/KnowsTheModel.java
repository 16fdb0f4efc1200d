package dev.sluice.wrong.compute.cuda.ffi;

import dev.sluice.wrong.model.Weights;

record KnowsTheModel(Weights weights) {}
