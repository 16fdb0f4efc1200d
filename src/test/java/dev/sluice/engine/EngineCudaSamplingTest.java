package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.testing.MemoryDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// An engine whose tokens are drawn on the emulated GPU gives the answers of one whose host draws.
/// The model stays on the host: its logits are copied to the GPU.
class EngineCudaSamplingTest extends RuledEngine {
    private Optional<CudaDevice> gpu = Optional.empty();

    @Override
    MemoryDevice open() {
        return MemoryDevice.samplingBy(this::sample);
    }

    @BeforeEach
    void openGpu() {
        Cusim.open().reset();
        gpu = Optional.of(CudaDevice.open(CudaOptions.defaults().withEmulation()));
    }

    @AfterEach
    void closeGpu() {
        gpu.ifPresent(CudaDevice::close);
    }

    private void sample(Tensor logits, SamplingBatch batch) {
        CudaDevice device = gpu.orElseThrow();
        Tensor copy = device.allocate(logits.dtype(), logits.shape());
        device.upload(logits.data(), copy);
        device.sample(copy, batch);
        device.release(copy);
    }

    @ParameterizedTest
    @ValueSource(longs = {100, 101, 102, 103})
    void answersAreThoseOfTheHost(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GenerationRequest[] requests = new GenerationRequest[8];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = EngineRulesTest.random("r" + i, random);
        }
        EngineConfig config = config(32, 6, 60);

        Map<String, Answer> drawn = run(config, List.of(), requests);

        EngineSamplingDeviceTest.assertSame(
                drawn, new EngineSamplingDeviceTest.OnHost().run(config, List.of(), requests));
        assertThat(device.numSampled()).isPositive();
    }

    @ParameterizedTest
    @EnumSource(LogprobsMode.class)
    void logprobsAreThoseOfTheHostInAllModes(LogprobsMode mode) {
        EngineConfig config = EngineSamplingDeviceTest.configOf(mode);
        GenerationRequest[] requests = EngineSamplingDeviceTest.inAllReadings(8);

        Map<String, Answer> drawn = run(config, List.of(), requests);

        EngineSamplingDeviceTest.assertSame(
                drawn, new EngineSamplingDeviceTest.OnHost().run(config, List.of(), requests));
        assertThat(device.numSampled()).isEqualTo(4 * 8);
    }
}
