package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;
import dev.sluice.testing.NaiveDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// One model with random weights gives the same logits from memory and from every layout of files.
class RandomCheckpointTest {
    private static final int[] PROMPT = {5, 280, 3, 299, 17, 17, 120, 64, 1, 250, 33};

    @TempDir private Path directory;

    private static RandomShape shape(String family) {
        ModelFamily code =
                family.equals("llama") ? new LlamaForCausalLM() : new Ernie45ForCausalLM();
        return TinyShape.of(code, family, 64, 96, 2);
    }

    /// All of its matrices are as wide as high, so that no shape tells how they lie.
    private static RandomShape square() {
        RandomShape shape = TinyShape.of(new Ernie45ForCausalLM(), "ernie4_5", 128, 128, 2);
        Map<String, Object> config = new HashMap<>(shape.config());
        config.put("num_key_value_heads", 4);
        return new RandomShape(shape.name(), shape.family(), config);
    }

    @Test
    void tellsPaddlesLayoutOfSquareMatrices() {
        RandomShape shape = square();
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(shape, 9)) {
            checkpoint.writeSafetensors(directory.resolve("st"));
            checkpoint.writePaddle(directory.resolve("paddle"));
            checkpoint.writeGguf(directory.resolve("model.gguf"), DType.BF16);
        }

        float[] expected = logits(shape);
        assertThat(logits(directory.resolve("st"))).containsExactly(expected);
        assertThat(logits(directory.resolve("paddle"))).containsExactly(expected);
        assertThat(logits(directory.resolve("model.gguf"))).containsExactly(expected);
    }

    private static float[] logits(RandomShape shape) {
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(shape, 9);
                NaiveDevice device = new NaiveDevice();
                CausalLm model = checkpoint.load(device, Packing.FLOAT32)) {
            return Forward.logits(device, model, PROMPT, PROMPT.length);
        }
    }

    private static float[] logits(Path path) {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(path);
                NaiveDevice device = new NaiveDevice();
                CausalLm model = checkpoint.load(device, Packing.FLOAT32)) {
            return Forward.logits(device, model, PROMPT, PROMPT.length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "ernie4_5"})
    void writesTheSameModelAsSafetensorsAndAsGguf(String family) {
        RandomShape shape = shape(family);
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(shape, 9)) {
            checkpoint.writeSafetensors(directory.resolve("st"));
            checkpoint.writeGguf(directory.resolve("model.gguf"), DType.BF16);
        }

        float[] expected = logits(shape);
        assertThat(Forward.rms(expected)).isGreaterThan(0.05);
        assertThat(logits(directory.resolve("st"))).containsExactly(expected);
        assertThat(logits(directory.resolve("model.gguf"))).containsExactly(expected);
    }

    @Test
    void writesTheSameModelInPaddlesLayout() {
        RandomShape shape = shape("ernie4_5");
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(shape, 9)) {
            checkpoint.writePaddle(directory);
        }

        assertThat(logits(directory)).containsExactly(logits(shape));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F16", "Q8_0", "Q4_1", "Q4_0"})
    void quantisesWithSmallErrors(DType dtype) {
        RandomShape shape = shape("llama");
        Path file = directory.resolve("model.gguf");
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(shape, 9)) {
            checkpoint.writeGguf(file, dtype);
        }

        float[] exact = logits(shape);
        double error = Forward.rmsOfDifference(logits(file), exact) / Forward.rms(exact);

        double bound = dtype == DType.F16 ? 1e-4 : dtype == DType.Q8_0 ? 0.01 : 0.15;
        assertThat(error).isLessThan(bound);
    }

    @Test
    void givesTheSameWeightsForTheSameSeed() {
        RandomShape shape = shape("llama");
        try (RandomTensors one = new RandomTensors("a", shape.family().config(shape.values()), 1);
                RandomTensors same =
                        new RandomTensors("b", shape.family().config(shape.values()), 1);
                RandomTensors other =
                        new RandomTensors("c", shape.family().config(shape.values()), 2)) {
            assertThat(weight(one).mismatch(weight(same))).isEqualTo(-1);
            assertThat(weight(one).mismatch(weight(other))).isNotEqualTo(-1);
        }
    }

    private static MemorySegment weight(RandomTensors tensors) {
        String name = "model.layers.1.mlp.down_proj.weight";
        return Objects.requireNonNull(tensors.tensors().get(name)).data();
    }

    @Test
    void hasTheShapesOfTheRealModels() {
        ModelConfig ernie = config("ernie-4.5-0.3b");
        ModelConfig smolLm2 = config("smollm2-135m");

        assertThat(parameters(ernie)).isBetween(355_000_000L, 365_000_000L);
        assertThat(ernie.rope().interleaved()).isTrue();
        assertThat(parameters(smolLm2)).isBetween(134_000_000L, 136_000_000L);
        assertThat(smolLm2.headDim()).isEqualTo(64);
    }

    private static ModelConfig config(String name) {
        RandomShape shape = RandomShape.of(name);
        return shape.family().config(shape.values());
    }

    private static long parameters(ModelConfig config) {
        long attention = 2L * (config.numHeads() + config.numKvHeads()) * config.headDim();
        long layer = config.hiddenSize() * (attention + 3L * config.intermediateSize());
        return layer * config.numLayers() + (long) config.vocabSize() * config.hiddenSize();
    }

    @Test
    void namesItsShapesWhereThereIsNoSuch() {
        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> RandomCheckpoint.of("gpt-2", 1).close())
                .withMessageContaining("ernie-4.5-0.3b, smollm2-135m");
    }
}
