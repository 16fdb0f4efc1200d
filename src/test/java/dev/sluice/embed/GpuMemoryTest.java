package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.model.ModelSource;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

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

    @Test
    void nothingIsAllocatedOnceTheEngineIsThere() {
        cusim.reset();
        for (int ranks : new int[] {1, 2}) {
            ComputeOptions compute =
                    ComputeOptions.defaults()
                            .withDevice(DeviceKind.CUDA_SIM)
                            .withTensorParallelSize(ranks);
            BatchOptions batch = BatchOptions.defaults().withMaxModelLen(1200);
            try (LoadedEngine loaded = load(compute, batch)) {
                long atStart = cusim.allocatedBytes();

                for (int prompt : new int[] {1, 1100, 40, 600}) {
                    loaded.engine().submit(request("r" + prompt, prompt), _ -> {});
                }
                while (loaded.engine().step()) {
                    assertThat(cusim.allocatedBytes()).isEqualTo(atStart);
                }
                assertThat(atStart).isPositive();
            }
            assertThat(cusim.allocatedBytes()).isZero();
        }
    }

    /// One that is drawn, with penalties.
    private static GenerationRequest request(String id, int prompt) {
        return new GenerationRequest(
                id,
                TokenIds.of(IntStream.range(0, prompt).map(i -> i % 200).toArray()),
                new SamplingParams(
                        1, 0.9f, OptionalInt.of(40), 0, 7, new Penalties(1.2f, 0.5f, 0.5f)),
                new StopConditions(20, List.of(), Set.of(), true, false));
    }

    private static LoadedEngine load(ComputeOptions compute, BatchOptions batch) {
        EngineOptions options =
                EngineOptions.defaults()
                        .withModel(model.toString())
                        .withCompute(compute)
                        .withBatch(batch);
        return LoadedEngine.load(options, new ModelSource(Map.of(), _ -> {}));
    }

    private void load() {
        EngineOptions options =
                EngineOptions.defaults()
                        .withModel(model.toString())
                        .withCompute(ComputeOptions.defaults().withDevice(DeviceKind.CUDA_SIM));
        LoadedEngine.load(options, new ModelSource(Map.of(), _ -> {})).close();
    }
}
