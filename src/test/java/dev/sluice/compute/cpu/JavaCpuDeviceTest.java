package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AbstractDeviceTest;
import dev.sluice.compute.Device;

import org.junit.jupiter.api.Test;

class JavaCpuDeviceTest extends AbstractDeviceTest {
    @Override
    protected Device open() {
        return CpuDevice.open(CpuOptions.defaults().withKernels(Kernels.JAVA).withThreads(3));
    }

    @Test
    void saysWhatItIs() {
        assertThat(device().describe()).isEqualTo("cpu (java, 3 threads)");
    }
}
