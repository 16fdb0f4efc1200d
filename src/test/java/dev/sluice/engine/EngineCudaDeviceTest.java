package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Device;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.Cusim;

import org.junit.jupiter.api.AfterEach;

/// The engine on the emulated GPU, with graphs, and streams that run only when somebody waits for
/// them. In float32: with fewer bits a GPU's kernels for one token and for many round differently.
class EngineCudaDeviceTest extends AbstractEngineDeviceTest {
    @Override
    Device open() {
        Cusim cusim = Cusim.open();
        cusim.reset();
        cusim.deferStreams(true);
        return CudaDevice.open(options().withEmulation());
    }

    /// How steps are run.
    CudaOptions options() {
        return CudaOptions.defaults();
    }

    @Override
    @AfterEach
    void allMemoryIsGivenBack() throws Exception {
        Cusim cusim = Cusim.open();
        super.allMemoryIsGivenBack();
        cusim.deferStreams(false);
        assertThat(cusim.allocatedBytes()).isZero();
        assertThat(cusim.pinnedBytes()).isZero();
    }
}
