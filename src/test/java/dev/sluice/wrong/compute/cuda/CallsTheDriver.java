package dev.sluice.wrong.compute.cuda;

import dev.sluice.wrong.compute.cuda.ffi.KnowsTheModel;

record CallsTheDriver(KnowsTheModel binding) {}
