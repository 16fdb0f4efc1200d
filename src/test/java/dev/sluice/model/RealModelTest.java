package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaRanks;
import dev.sluice.compute.cuda.Cusim;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// Real models in float32 against transformers' greedy tokens; made by
/// `src/test/python/make_real_model_tokens.py`.
class RealModelTest {
    private static final double TIE = 1e-3;
    private static final int VOCABULARY = 49_152;
    private static final Extent ALL = new Extent(Integer.MAX_VALUE, Integer.MAX_VALUE);
    private static final Extent FEW = new Extent(2, 4);

    /// How much is compared.
    private record Extent(int prompts, int tokens) {}

    private final RealModelFiles files = new RealModelFiles();

    @Test
    void smolLm2GivesTheGreedyTokensOfTransformers() throws IOException {
        Path file = smolLm2();

        compare(file, "real-smollm2-135m-q4_1.json", device(1), ALL);
    }

    @Test
    void smolLm2GivesThemOnThreeRanksToo() throws IOException {
        Path file = smolLm2();

        compare(file, "real-smollm2-135m-q4_1.json", device(3), ALL);
    }

    @Test
    void smolLm2GivesThemOnThreeEmulatedGpusToo() throws IOException {
        Cusim.open().reset();
        Path file = smolLm2();

        compare(
                file,
                "real-smollm2-135m-q4_1.json",
                CudaRanks.open(CudaOptions.defaults().withEmulation(), 3),
                FEW);
    }

    @Test
    void onThreeRanksSmolLm2sFourBitsAreAsNearToExactLogitsAsOnOne() throws IOException {
        Path file = smolLm2();
        // Of a dozen tokens alone, three came out a quarter farther on one processor.
        int[] prompt = new Random(7).ints(64, 0, VOCABULARY).toArray();

        Logits exact = logits(file, 1, Packing.FLOAT32, prompt);
        Logits one = logits(file, 1, Packing.SOURCE, prompt);
        Logits three = logits(file, 3, Packing.SOURCE, prompt);

        assertThat(one.from(exact).rms()).isBetween(1e-3, 0.1);
        assertThat(three.from(exact).rms()).isLessThan(1.25 * one.from(exact).rms());
    }

    private static Logits logits(Path file, int ranks, Packing packing, int[] prompt) {
        try (ModelUnderTest model =
                new ModelUnderTest(file, device(ranks), packing, DType.F32, prompt.length, 1)) {
            return model.logits(prompt, 5);
        }
    }

    private static Device device(int ranks) {
        Device cpu = CpuDevice.open(CpuOptions.defaults());
        return ranks == 1 ? cpu : TensorParallelDevice.sharing(cpu, ranks);
    }

    /// Skips where no network leads to the model; a model that came but is damaged is a failure.
    private Path smolLm2() {
        try {
            return files.smolLm2();
        } catch (ModelSourceException e) {
            assumeTrue(
                    e.text().contains("SHA-256"),
                    "The default model is neither in the cache nor can it be fetched: " + e.text());
            throw e;
        }
    }

    @Test
    @Tag("slow")
    void gemma3GivesTheGreedyTokensOfTransformers() throws IOException {
        Path file = files.gemma3();

        compare(file, "real-gemma3-270m-q4_k_m.json", device(1), ALL);
    }

    /// @param device closed here
    private static void compare(Path file, String numbers, Device device, Extent extent)
            throws IOException {
        Path json = ParityCheckpoint.directory(numbers);
        JsonNode root = new ObjectMapper().readTree(Files.readString(json));
        assertThat(Checksum.sha256(root.get("sha256").stringValue()).matches(file)).isTrue();
        int longest = 0;
        List<JsonNode> prompts = root.get("prompts").valueStream().limit(extent.prompts()).toList();
        for (JsonNode prompt : prompts) {
            longest = Math.max(longest, prompt.get("tokens").size());
        }
        try (ModelUnderTest model =
                new ModelUnderTest(file, device, Packing.FLOAT32, DType.F32, longest + 64, 1)) {
            for (JsonNode prompt : prompts) {
                int decided = Math.min(extent.tokens(), decided(prompt.get("margins")));
                assertThat(decided).isPositive();
                int[] expected = ParityCheckpoint.ints(prompt.get("greedy"));

                int[] greedy = model.greedy(ParityCheckpoint.ints(prompt.get("tokens")), decided);

                assertThat(greedy)
                        .as(prompt.get("text").stringValue())
                        .isEqualTo(Arrays.copyOf(expected, decided));
            }
        }
    }

    /// Steps before the first that is decided by less than [#TIE].
    private static int decided(JsonNode margins) {
        int steps = 0;
        while (steps < margins.size() && margins.get(steps).doubleValue() >= TIE) {
            steps++;
        }
        return steps;
    }
}
