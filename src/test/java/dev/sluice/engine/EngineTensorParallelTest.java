package dev.sluice.engine;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

/// The engine on a model that is spread over two ranks, which share the CPU.
class EngineTensorParallelTest extends AbstractEngineDeviceTest {
    private static final int RANKS = 2;

    @Override
    final Device open() {
        return open(RANKS);
    }

    /// All ranks on one device.
    Device open(int ranks) {
        return TensorParallelDevice.sharing(
                CpuDevice.open(CpuOptions.defaults().withThreads(2)), ranks);
    }

    @Override
    DType type() {
        return DType.BF16;
    }
}
