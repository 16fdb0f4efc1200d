package dev.sluice.wrong.model;

import dev.sluice.wrong.compute.cpu.KnowsTheModel;

record KnowsADevice(KnowsTheModel device) {}
