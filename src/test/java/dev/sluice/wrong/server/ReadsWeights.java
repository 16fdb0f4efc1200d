package dev.sluice.wrong.server;

import dev.sluice.wrong.model.Weights;

record ReadsWeights(Weights weights) {}
