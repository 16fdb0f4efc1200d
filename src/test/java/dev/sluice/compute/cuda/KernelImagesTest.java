package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DeviceException;

import org.junit.jupiter.api.Test;

final class KernelImagesTest {
    @Test
    void kernelsThatWereNotBuiltAreToldInALine() {
        assertThatThrownBy(() -> new KernelImages(false).image("of_no_file"))
                .isInstanceOf(DeviceException.class)
                .hasMessage("this build has no GPU kernels (of_no_file): it was made without nvcc");
    }

    @Test
    void theEmulatedDriverGetsTheNameOfTheFile() {
        assertThat(new KernelImages(true).image("rows")).asString().isEqualTo("cusim:rows");
    }
}
