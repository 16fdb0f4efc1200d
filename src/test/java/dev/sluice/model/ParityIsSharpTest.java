package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Shows that the comparison of [ParityTest] notices what it is there to notice: a model with one
/// thing turned off is far outside the tolerance of bf16, let alone of float32.
class ParityIsSharpTest {
    private static final double BF16_RMS = 1e-2;

    @TempDir private Path directory;

    @ParameterizedTest(name = "{0}: {1} -> {2}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    llama       | "rope_theta": 10000.0            | "rope_theta": 20000.0
                    llama3-rope | "factor": 8.0                    | "factor": 1.0
                    mistral     | "rope_theta": 10000.0            | "rope_theta": 20000.0
                    mistral     | "sliding_window": 16             | "sliding_window": 17
                    mistral     | "sliding_window": 16             | "sliding_window": null
                    qwen2       | "rope_theta": 1000000.0          | "rope_theta": 10000.0
                    qwen3       | "rope_theta": 1000000.0          | "rope_theta": 10000.0
                    gemma3      | "rope_theta": 1000000.0          | "rope_theta": 10000.0
                    gemma3      | "rope_local_base_freq": 10000.0  | "rope_local_base_freq": 1e6
                    gemma3      | "sliding_window": 16             | "sliding_window": 300
                    gemma3      | "sliding_window": 16             | "sliding_window": 17
                    gemma3      | "sliding_window_pattern": 3      | "sliding_window_pattern": 2
                    gemma3      | "query_pre_attn_scalar": 30      | "query_pre_attn_scalar": 22
                    gemma3-linear-rope | "factor": 8.0             | "factor": 1.0
                    ernie4_5    | "rope_theta": 500000.0           | "rope_theta": 10000.0
                    ernie4_5    | Ernie4_5ForCausalLM              | LlamaForCausalLM
                    """)
    void noticesAnotherValueInTheConfiguration(String name, String from, String to)
            throws IOException {
        ParityCheckpoint parity = ParityCheckpoint.read(name);
        copy(parity.path());
        Path config = directory.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));

        double distance = distance(parity, directory, device());

        assertThat(distance).isGreaterThan(BF16_RMS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "gemma3"})
    void noticesThatTheQkNormIsOff(String name) {
        ParityCheckpoint parity = ParityCheckpoint.read(name);

        double distance = distance(parity, parity.path(), withoutQkNorm(device()));

        assertThat(distance).isGreaterThan(BF16_RMS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "gemma3"})
    void isInsideTheToleranceWhereNothingIsOff(String name) {
        ParityCheckpoint parity = ParityCheckpoint.read(name);

        double distance = distance(parity, parity.path(), device());

        assertThat(distance).isLessThan(1e-4);
    }

    private static Device device() {
        return CpuDevice.open(CpuOptions.defaults().withThreads(2));
    }

    private static double distance(ParityCheckpoint parity, Path path, Device device) {
        ParityCheckpoint.Prompt prompt = parity.prompts().getLast();
        int n = prompt.tokens().length;
        try (ModelUnderTest model =
                new ModelUnderTest(path, device, Packing.FLOAT32, DType.F32, n, 1)) {
            return model.logits(prompt.tokens(), n).from(prompt.logits()).rms();
        }
    }

    private void copy(Path checkpoint) throws IOException {
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                Files.copy(file, directory.resolve(file.getFileName()));
            }
        }
    }

    /// The device, but heads are not normed.
    private static Device withoutQkNorm(Device device) {
        return (Device)
                Proxy.newProxyInstance(
                        Device.class.getClassLoader(),
                        new Class<?>[] {Device.class},
                        (_, method, arguments) -> {
                            if (method.getName().equals("normRotaryAndStore")) {
                                device.rotaryAndStore(
                                        (Tensor) arguments[0],
                                        (Tensor) arguments[1],
                                        (Tensor) arguments[2],
                                        (Tensor) arguments[4],
                                        (RotarySpec) arguments[5],
                                        (ForwardBatch) arguments[6],
                                        (Tensor) arguments[7]);
                                return null;
                            }
                            try {
                                return method.invoke(device, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
