package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.cuda.CudaSupport;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.DeviceKind;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// `sluice doctor --gpu` on the emulated GPU, and where there is none.
final class GpuCheckTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final GpuCheck check =
            new GpuCheck(new PrintStream(bytes, true, StandardCharsets.UTF_8));

    private static ComputeOptions on(DeviceKind device) {
        return ComputeOptions.defaults().withThreads(1).withDevice(device);
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theEmulatedGpuIsRight() {
        Cusim cusim = Cusim.open();
        cusim.reset();

        int exit = check.run(on(DeviceKind.CUDA_SIM));

        assertThat(printed())
                .startsWith("cuda-sim (")
                .contains("all right", "say nothing about a GPU")
                .doesNotContain("WRONG");
        assertThat(printed().lines().filter(line -> line.endsWith(" ok"))).hasSizeGreaterThan(70);
        assertThat(exit).isZero();
        assertThat(cusim.allocatedBytes()).isZero();
    }

    @Test
    void aLostGpuIsOneLineAndTheExitCode() {
        Cusim cusim = Cusim.open();
        cusim.reset();
        cusim.fail("cuLaunchKernel:3:700");
        try {
            int exit = check.run(on(DeviceKind.CUDA_SIM));

            assertThat(exit).isEqualTo(1);
            assertThat(printed()).contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", ", 1 wrong.");
        } finally {
            cusim.fail("");
            cusim.reset();
        }
    }

    @Test
    void withoutAGpuASentenceSaysWhy() {
        assumeTrue(CudaSupport.inspect() instanceof CudaSupport.Unusable, "this machine has a GPU");

        assertThatThrownBy(() -> check.run(on(DeviceKind.AUTO)))
                .isInstanceOf(Refusal.class)
                .hasMessageStartingWith("There is no GPU to check: ")
                .hasMessageEndingWith("; --device cuda-sim checks the emulated one.");
        assertThatThrownBy(() -> check.run(on(DeviceKind.CPU)))
                .isInstanceOf(Refusal.class)
                .hasMessage("--gpu checks a GPU and --device cpu is none; leave one of them out.");
    }
}
