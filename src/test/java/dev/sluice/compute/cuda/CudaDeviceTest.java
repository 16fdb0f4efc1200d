package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.AbstractDeviceTest;
import dev.sluice.compute.Device;

import org.junit.jupiter.api.Test;

/// The CUDA device on the emulated driver.
class CudaDeviceTest extends AbstractDeviceTest {
    @Override
    protected Device open() {
        assumeTrue(CudaSupport.canEmulate(), "the emulated driver was not built: no g++");
        return CudaDevice.open(CudaOptions.defaults().withEmulation());
    }

    @Test
    void saysWhatItIs() {
        assertThat(device().describe()).startsWith("cuda-sim (").contains("sm_");
    }
}
