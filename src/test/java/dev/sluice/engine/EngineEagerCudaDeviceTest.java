package dev.sluice.engine;

import dev.sluice.compute.cuda.CudaOptions;

/// The same kernel by kernel.
class EngineEagerCudaDeviceTest extends EngineCudaDeviceTest {
    @Override
    CudaOptions options() {
        return CudaOptions.defaults().withoutGraphs();
    }
}
