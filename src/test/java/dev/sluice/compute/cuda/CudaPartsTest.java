package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;

/// Parts of the device that can't be made leave nothing behind.
class CudaPartsTest {
    private final Cusim cusim = Cusim.open();
    private Optional<CudaContext> opened = Optional.empty();

    @BeforeEach
    void openContext() {
        cusim.reset();
        opened = Optional.of(CudaContext.open(CudaOptions.defaults().withEmulation()));
    }

    @AfterEach
    void closeContext() {
        cusim.fail("");
        opened.ifPresent(CudaContext::close);
    }

    private CudaContext context() {
        return opened.orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuMemHostAlloc:3:2", "cuEventCreate:3:2"})
    void aRingWithoutItsLastBlockKeepsNoPinnedMemory(String failing) {
        cusim.fail(failing);

        assertThatThrownBy(() -> new StagingRing(context().stream(), 3, 4096))
                .isInstanceOf(DeviceException.class);

        assertThat(cusim.pinnedBytes()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cublasCreate_v2:1:3",
                "cublasSetStream_v2:1:3",
                "cublasSetWorkspace_v2:1:3",
                "cublasSetMathMode:1:3"
            })
    void cublasThatFailsKeepsNoWorkspace(String failing) {
        cusim.fail(failing);

        assertThatThrownBy(() -> context().cublas())
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("CUBLAS_STATUS_ALLOC_FAILED");

        assertThat(cusim.allocatedBytes()).isZero();
    }

    @Test
    void cublasIsOpenedByTheNextCall() {
        cusim.fail("cublasSetMathMode:1:3");
        assertThatThrownBy(() -> context().cublas()).isInstanceOf(DeviceException.class);

        assertThat(context().cublas()).isSameAs(context().cublas());
    }
}
