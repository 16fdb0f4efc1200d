package dev.sluice.wrong.compute;

import dev.sluice.wrong.compute.cpu.KnowsTheModel;

record KnowsADevice(KnowsTheModel device) {}
