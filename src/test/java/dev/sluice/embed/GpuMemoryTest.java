package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.model.ModelSource;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Map;

/// A GPU whose memory does not suffice, on the emulated driver.
final class GpuMemoryTest {
    @TempDir private static Path model;

    private final Cusim cusim = Cusim.open();

    @BeforeAll
    static void writeModel() {
        TinyModels.write(model);
    }

    @AfterEach
    void forgetTheFault() {
        cusim.fail("");
    }

    @Test
    void memoryThatIsRefusedAtTheStartIsToldWithTheFlagsThatHelp() {
        cusim.reset();
        for (int call : new int[] {6, 15}) {
            cusim.fail("cuMemAlloc_v2:" + call + ":2");

            assertThatThrownBy(this::load)
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("The GPU can't hold the model as it is asked for: ")
                    .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY (2), bytes: ")
                    .hasMessageContaining("--max-model-len")
                    .hasMessageContaining("--gpu-memory-utilization")
                    .hasMessageContaining("--quantization");
            assertThat(cusim.allocatedBytes()).isZero();
            assertThat(cusim.pinnedBytes()).isZero();
        }
    }

    private void load() {
        EngineOptions options =
                EngineOptions.defaults()
                        .withModel(model.toString())
                        .withCompute(ComputeOptions.defaults().withDevice(DeviceKind.CUDA_SIM));
        LoadedEngine.load(options, new ModelSource(Map.of(), _ -> {})).close();
    }
}
