package dev.sluice.engine;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

/// The engine on the CPU device, in the model's own type.
class EngineCpuDeviceTest extends AbstractEngineDeviceTest {
    @Override
    Device open() {
        return CpuDevice.open(CpuOptions.defaults().withThreads(2));
    }

    @Override
    DType type() {
        return DType.BF16;
    }
}
