package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaRanks;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;

/// A model over several emulated GPUs gives the logits that it gives on one.
class TensorParallelGpuTest {
    private static final int[] PROMPT = {5, 280, 3, 299, 17, 40_000, 103_000};
    private static final int CHUNK = 4;
    private static final CudaOptions OPTIONS = CudaOptions.defaults().withEmulation();

    private final Cusim cusim = Cusim.open();

    @BeforeEach
    void defer() {
        cusim.reset();
        cusim.deferStreams(true);
        cusim.forgetThreads();
    }

    @AfterEach
    void nothingIsLeft() {
        cusim.deferStreams(false);
        assertThat(cusim.allocatedBytes()).isZero();
        assertThat(cusim.pinnedBytes()).isZero();
        assertThat(cusim.threads()).hasSize(1);
    }

    private static Device device(int ranks) {
        return new TrackingDevice(
                ranks == 1 ? CudaDevice.open(OPTIONS) : CudaRanks.open(OPTIONS, ranks));
    }

    private static float[] logits(
            RandomShape shape, TensorFile file, Packing packing, int ranks, int[] prompt) {
        try (Device device = device(ranks);
                CausalLm model = TensorParallelTest.load(shape, file, device, packing)) {
            return Forward.logits(device, model, prompt, CHUNK);
        }
    }

    private static RandomTensors weights(RandomShape shape) {
        return new RandomTensors(shape.name(), shape.family().config(shape.values()), 5);
    }

    @Test
    void onErniesShapeTwoFourAndEightGpusGiveTheLogitsOfOne() {
        RandomShape shape = TensorParallelTest.ernie(2);
        try (RandomTensors file = weights(shape)) {
            float[] exact = logits(shape, file, Packing.FLOAT32, 1, PROMPT);
            float[] rounded = logits(shape, file, Packing.SOURCE, 1, PROMPT);
            assertThat(Forward.rms(exact)).isGreaterThan(0.05);
            assertThat(TensorParallelTest.error(rounded, exact)).isBetween(1e-6, 0.1);

            for (int ranks : new int[] {2, 4, 8}) {
                float[] found = logits(shape, file, Packing.FLOAT32, ranks, PROMPT);
                assertThat(TensorParallelTest.error(found, exact))
                        .as("float32 on %d GPUs", ranks)
                        .isBetween(1e-9, 5e-6);
                found = logits(shape, file, Packing.SOURCE, ranks, PROMPT);
                assertThat(TensorParallelTest.error(found, rounded))
                        .as("bfloat16 on %d GPUs", ranks)
                        .isBetween(1e-9, 4e-3);
            }
        }
    }

    /// Nine query heads, three key and value heads, a vocabulary of 49,152.
    @Test
    void onSmolLm2sShapeThreeGpusGiveTheLogitsOfOne() {
        RandomShape real = RandomShape.of("smollm2-135m");
        Map<String, Object> config = new HashMap<>(real.config());
        config.put("num_hidden_layers", 2);
        RandomShape shape = new RandomShape(real.name(), real.family(), config);
        int[] prompt = {504, 4559, 282, 4649, 314, 49_151};
        try (RandomTensors file = weights(shape)) {
            float[] exact = logits(shape, file, Packing.FLOAT32, 1, prompt);
            assertThat(Forward.rms(exact)).isGreaterThan(0.05);

            assertThat(
                            TensorParallelTest.error(
                                    logits(shape, file, Packing.FLOAT32, 3, prompt), exact))
                    .isBetween(1e-9, 5e-6);
        }
    }
}
