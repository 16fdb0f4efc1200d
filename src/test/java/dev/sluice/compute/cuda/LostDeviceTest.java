package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Errors after which every call of the context fails.
final class LostDeviceTest {
    private final Cusim cusim = Cusim.open();

    @AfterEach
    void forgetTheFault() {
        cusim.fail("");
        cusim.reset();
    }

    @Test
    void aFaultOfAKernelLosesTheDeviceWhichStillCloses() {
        cusim.reset();
        CudaDevice device = CudaDevice.open(CudaOptions.defaults().withEmulation());
        Tensor tensor = device.allocate(DType.F32, Shape.of(8));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(32);
            cusim.fail("cuStreamSynchronize:1:700");

            assertThatThrownBy(() -> device.download(tensor, host))
                    .isInstanceOfSatisfying(DeviceException.class, LostDeviceTest::isLost)
                    .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)");
            assertThatThrownBy(() -> device.upload(host, tensor))
                    .isInstanceOfSatisfying(DeviceException.class, LostDeviceTest::isLost);

            device.release(tensor);
            device.close();
        }
    }

    private static void isLost(DeviceException e) {
        assertThat(e.deviceLost()).isTrue();
    }
}
