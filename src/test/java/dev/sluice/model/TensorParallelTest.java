package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/// A model over several ranks gives the logits that it gives on one.
class TensorParallelTest {
    private static final int[] PROMPT = {5, 280, 3, 299, 17, 17, 120, 64, 1, 250, 33, 2, 3, 4, 99};
    private static final int CHUNK = 4;

    /// Random weights, with biases where there can be some.
    private record BiasedTensors(RandomTensors weights, Arena arena) implements TensorFile {
        @Override
        public Path path() {
            return weights.path();
        }

        @Override
        public Map<String, StoredTensor> tensors() {
            SplittableRandom random = new SplittableRandom(3);
            Map<String, StoredTensor> all = new LinkedHashMap<>(weights.tensors());
            weights.tensors()
                    .forEach((name, tensor) -> {
                        if (name.contains("_proj")) {
                            StoredTensor bias =
                                    bias(
                                            name.replace(".weight", ".bias"),
                                            tensor.shape().dim(0),
                                            random);
                            all.put(bias.name(), bias);
                        }
                    });
            return all;
        }

        private StoredTensor bias(String name, int length, SplittableRandom random) {
            MemorySegment values = arena.allocate(4L * length, 4);
            for (int i = 0; i < length; i++) {
                values.set(ByteCursor.FLOAT, 4L * i, (float) random.nextDouble(-0.5, 0.5));
            }
            return new StoredTensor(name, DType.F32, Shape.of(length), values);
        }

        @Override
        public Map<String, String> unreadable() {
            return Map.of();
        }

        @Override
        public void close() {
            weights.close();
            arena.close();
        }
    }

    private static RandomShape shape(ModelFamily family, Map<String, Object> particular) {
        Map<String, Object> config =
                new HashMap<>(
                        Map.of(
                                "architectures",
                                List.copyOf(family.architectures()),
                                "vocab_size",
                                304,
                                "hidden_size",
                                72,
                                "intermediate_size",
                                96,
                                "num_hidden_layers",
                                3,
                                "num_attention_heads",
                                8,
                                "num_key_value_heads",
                                2,
                                "head_dim",
                                16,
                                "max_position_embeddings",
                                256));
        config.putAll(particular);
        return new RandomShape("tiny", family, config);
    }

    /// The heads, widths and vocabulary of ERNIE-4.5-0.3B.
    static RandomShape ernie(int numLayers) {
        RandomShape real = RandomShape.of("ernie-4.5-0.3b");
        Map<String, Object> config = new HashMap<>(real.config());
        config.put("num_hidden_layers", numLayers);
        return new RandomShape(real.name(), real.family(), config);
    }

    private static Device device(int ranks) {
        Device cpu = CpuDevice.open(CpuOptions.defaults().withThreads(2));
        return new TrackingDevice(ranks == 1 ? cpu : TensorParallelDevice.sharing(cpu, ranks));
    }

    /// Loads a model from weights in memory.
    static CausalLm load(RandomShape shape, TensorFile file, Device device, Packing packing) {
        ConfigValues values = shape.values();
        return LoadedWeights.load(
                shape.family(),
                shape.family().config(values),
                values,
                device,
                Weights.of(file, false, name -> name),
                packing,
                Optional.empty());
    }

    private static float[] logits(RandomShape shape, TensorFile file, Packing packing, int ranks) {
        try (Device device = device(ranks);
                CausalLm model = load(shape, file, device, packing)) {
            return Forward.logits(device, model, PROMPT, CHUNK);
        }
    }

    /// The root mean square of the difference, as a share of what is expected.
    static double error(float[] found, float[] expected) {
        return Forward.rmsOfDifference(found, expected) / Forward.rms(expected);
    }

    @Test
    void onErniesShapeTwoFourAndEightRanksGiveTheLogitsOfOne() {
        RandomShape shape = ernie(2);
        try (RandomTensors file =
                new RandomTensors("ernie", shape.family().config(shape.values()), 5)) {
            float[] exact = logits(shape, file, Packing.FLOAT32, 1);
            float[] rounded = logits(shape, file, Packing.SOURCE, 1);
            assertThat(Forward.rms(exact)).isGreaterThan(0.05);

            for (int ranks : new int[] {2, 4, 8}) {
                assertThat(error(logits(shape, file, Packing.FLOAT32, ranks), exact))
                        .as("float32 on %d ranks", ranks)
                        .isBetween(1e-9, 5e-6);
                assertThat(error(logits(shape, file, Packing.SOURCE, ranks), rounded))
                        .as("bfloat16 on %d ranks", ranks)
                        .isBetween(1e-9, 4e-3);
            }
        }
    }

    @Test
    void eachRankHasItsShareOfTheWeights() {
        RandomShape shape = ernie(2);
        try (RandomTensors file =
                        new RandomTensors("ernie", shape.family().config(shape.values()), 5);
                Device one = device(1);
                CausalLm whole = load(shape, file, one, Packing.SOURCE)) {
            for (int ranks : new int[] {2, 4, 8}) {
                try (Device several = device(ranks);
                        CausalLm spread = load(shape, file, several, Packing.SOURCE)) {
                    double all = (double) spread.weightBytes() / whole.weightBytes();

                    // More ranks than key and value heads have some of these twice.
                    assertThat(all).isBetween(0.999, ranks == 2 ? 1.001 : 1.05);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void biasesAreAddedOnce(int ranks) {
        RandomShape shape =
                shape(
                        new LlamaForCausalLM(),
                        Map.of(
                                "attention_bias",
                                true,
                                "mlp_bias",
                                true,
                                "tie_word_embeddings",
                                true));
        RandomShape unbiased = shape(new LlamaForCausalLM(), Map.of("tie_word_embeddings", true));
        RandomTensors weights =
                new RandomTensors("llama", shape.family().config(shape.values()), 6);
        try (BiasedTensors file = new BiasedTensors(weights, Arena.ofShared())) {
            float[] expected = logits(shape, file, Packing.FLOAT32, 1);

            assertThat(error(logits(unbiased, weights, Packing.FLOAT32, 1), expected))
                    .isGreaterThan(0.1);
            assertThat(error(logits(shape, file, Packing.FLOAT32, ranks), expected))
                    .isBetween(1e-9, 5e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void windowsHoldOnEveryRank(int ranks) {
        Map<String, Object> tied = Map.of("tie_word_embeddings", true);
        RandomShape shape = shape(new MistralForCausalLM(), plus(tied, "sliding_window", 6));
        RandomShape unlimited = shape(new MistralForCausalLM(), plus(tied, "sliding_window", 99));
        try (RandomTensors file =
                new RandomTensors("mistral", shape.family().config(shape.values()), 7)) {
            float[] expected = logits(shape, file, Packing.FLOAT32, 1);

            assertThat(error(logits(unlimited, file, Packing.FLOAT32, 1), expected))
                    .isGreaterThan(1e-3);
            assertThat(error(logits(shape, file, Packing.FLOAT32, ranks), expected))
                    .isBetween(1e-9, 5e-6);
        }
    }

    private static Map<String, Object> plus(Map<String, Object> some, String key, Object value) {
        Map<String, Object> all = new HashMap<>(some);
        all.put(key, value);
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 6, 16})
    void whatCannotBeSpreadEvenlyIsRefusedWithWhatCan(int ranks) {
        RandomShape shape = shape(new LlamaForCausalLM(), Map.of("tie_word_embeddings", true));
        try (RandomTensors file =
                        new RandomTensors("llama", shape.family().config(shape.values()), 8);
                Device device = device(ranks)) {
            assertThatExceptionOfType(ShardingException.class)
                    .isThrownBy(() -> load(shape, file, device, Packing.SOURCE))
                    .satisfies(e -> assertThat(e.ranks()).isEqualTo(ranks))
                    .satisfies(e -> assertThat(e.possible()).containsExactly(1, 2, 4, 8));
        }
    }

    @ParameterizedTest
    @CsvSource({"301, 2, 1", "302, 4, '1, 2'", "308, 8, '1, 2, 4'"})
    void aVocabularyIsSharedOutEvenlyOrNotAtAll(int vocabulary, int ranks, String possible) {
        RandomShape shape = shape(new LlamaForCausalLM(), Map.of("vocab_size", vocabulary));
        ModelConfig config = shape.family().config(shape.values());

        assertThatExceptionOfType(ShardingException.class)
                .isThrownBy(() -> new RankCounts(config, false).check(ranks))
                .satisfies(e -> assertThat(e.possible()).hasToString("[" + possible + "]"));
    }

    @Test
    void groupsOfAQuantisedFileAreNotCut() {
        ModelConfig config =
                RandomShape.of("smollm2-135m")
                        .family()
                        .config(RandomShape.of("smollm2-135m").values());
        ModelConfig narrow =
                shape(new LlamaForCausalLM(), Map.of())
                        .family()
                        .config(shape(new LlamaForCausalLM(), Map.of()).values());

        new RankCounts(config, true).check(3);
        assertThatExceptionOfType(ShardingException.class)
                .isThrownBy(() -> new RankCounts(narrow, true).check(4))
                .satisfies(e -> assertThat(e.possible()).containsExactly(1));
    }
}
