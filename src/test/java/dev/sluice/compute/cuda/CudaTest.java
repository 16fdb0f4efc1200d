package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.Test;

final class CudaTest {
    private final OwnCuda cuda = OwnCuda.with("cuda", new FakeDriver(13_000, 0, 1));

    @Test
    void aCallThatWorkedPasses() {
        assertThatCode(() -> cuda.call("Cuda", "check", 0, "cuInit")).doesNotThrowAnyException();
        assertThatCode(() -> cuda.call("Cuda", "check", 0, "cuMemAlloc", "bytes", 9L))
                .doesNotThrowAnyException();
    }

    @Test
    void aFailedCallNamesFunctionErrorAndSize() {
        assertThatThrownBy(() -> cuda.call("Cuda", "check", 100, "cuMemAlloc", "bytes", 4096L))
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuMemAlloc failed with CUDA_ERROR_NO_DEVICE (100), bytes: 4096");
        assertThatThrownBy(() -> cuda.call("Cuda", "check", 100, "cuInit"))
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuInit failed with CUDA_ERROR_NO_DEVICE (100)");
    }

    @Test
    void anErrorThatTheDriverDoesNotKnowKeepsItsNumber() {
        assertThatThrownBy(() -> cuda.call("Cuda", "check", 77, "cuInit"))
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuInit failed with error 77");
    }

    @Test
    void anErrorHasItsNumberWhereThereIsNoDriver() {
        OwnCuda none = OwnCuda.without("cuda", "libcuda.so.1");

        assertThatThrownBy(() -> none.call("Cuda", "check", 2, "cuInit"))
                .isInstanceOf(DeviceException.class)
                .hasMessage("cuInit failed with error 2");
    }
}
