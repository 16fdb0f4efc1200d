package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaSupport;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The default model on the emulated GPU: in float32 against transformers' greedy tokens, in its
/// own type by the distance of its logits from float32.
class EmulatedGpuModelTest {
    private static final String NUMBERS = "real-smollm2-135m-q4_1.json";
    private static final double TIE = 1e-3;

    /// What rounding to bfloat16 moves a number by, relatively: at most 2^-8 of its power of two,
    /// evenly, and a mantissa is 1.44 in the mean. Roundings are independent, so their squares add.
    private static final double ROUNDING = 0x1p-8 / Math.sqrt(3) / 1.44;

    @Test
    void float32GivesTheFirstGreedyTokensOfTransformers() throws IOException {
        compareGreedy(2, 6);
    }

    @Test
    @Tag("slow")
    void float32GivesTheGreedyTokensOfTransformers() throws IOException {
        compareGreedy(Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static void compareGreedy(int prompts, int steps) throws IOException {
        List<JsonNode> some = prompts(prompts);
        int longest = some.stream().mapToInt(p -> p.get("tokens").size()).max().orElseThrow();
        try (ModelUnderTest model = open(gpu(), Packing.FLOAT32, DType.F32, longest + 64)) {
            for (JsonNode prompt : some) {
                int decided = Math.min(steps, decided(prompt.get("margins")));
                int[] expected = ParityCheckpoint.ints(prompt.get("greedy"));

                int[] greedy = model.greedy(ParityCheckpoint.ints(prompt.get("tokens")), decided);

                assertThat(greedy)
                        .as(prompt.get("text").stringValue())
                        .isEqualTo(Arrays.copyOf(expected, decided));
            }
        }
    }

    /// Up to eight rows at once, products have exact weights and activations. What is left is the
    /// cache's type: in each of 30 layers queries, keys, values and their weights are rounded.
    @Test
    void aFewRowsInTheModelsOwnTypeAreAsNearAsTheCachesTypeAllows() throws IOException {
        int[] tokens = ParityCheckpoint.ints(prompts(1).getFirst().get("tokens"));

        assertThat(tokens).hasSize(5);
        assertThat(errorInOwnType(tokens, 4)).isLessThan(Math.sqrt(30 * 4) * ROUNDING);
    }

    /// For a longer prompt both operands of the products of 60 branches are rounded too.
    @Test
    @Tag("slow")
    void aPromptInTheModelsOwnTypeIsNearerToFloat32ThanOnTheCpu() throws IOException {
        JsonNode prompt = prompts(2).get(1);
        int[] tokens = ParityCheckpoint.ints(prompt.get("tokens"));
        int[] all = Arrays.copyOf(tokens, tokens.length + 4);
        System.arraycopy(ParityCheckpoint.ints(prompt.get("greedy")), 0, all, tokens.length, 4);

        double error = errorInOwnType(all, tokens.length);

        assertThat(tokens).hasSize(12);
        assertThat(error).isLessThan(Math.sqrt(30 * 4 + 60 * 2) * ROUNDING);
        Logits exact = logits(cpu(), Packing.FLOAT32, DType.F32, all, all.length);
        Logits onCpu = logits(cpu(), Packing.SOURCE, DType.BF16, all, all.length);
        assertThat(error).isLessThan(onCpu.from(exact).rms());
    }

    /// Distance from float32 on the CPU, whose weights have the same values.
    private static double errorInOwnType(int[] tokens, int chunk) {
        Logits exact = logits(cpu(), Packing.FLOAT32, DType.F32, tokens, chunk);
        Logits onGpu = logits(gpu(), Packing.SOURCE, DType.BF16, tokens, chunk);
        return onGpu.from(exact).rms();
    }

    private static Logits logits(
            Device device, Packing packing, DType kv, int[] tokens, int chunk) {
        try (ModelUnderTest model = open(device, packing, kv, tokens.length)) {
            return model.logits(tokens, chunk);
        }
    }

    private static Device cpu() {
        return CpuDevice.open(CpuOptions.defaults());
    }

    private static Device gpu() {
        assumeTrue(CudaSupport.canEmulate(), "the emulated driver was not built: no g++");
        return CudaDevice.open(CudaOptions.defaults().withEmulation());
    }

    private static ModelUnderTest open(Device device, Packing packing, DType kv, int maxTokens) {
        return new ModelUnderTest(smolLm2(), device, packing, kv, maxTokens, 1);
    }

    private static List<JsonNode> prompts(int most) throws IOException {
        Path json = ParityCheckpoint.directory(NUMBERS);
        JsonNode root = new ObjectMapper().readTree(Files.readString(json));
        List<JsonNode> prompts = new ArrayList<>();
        root.get("prompts").forEach(prompts::add);
        return prompts.subList(0, Math.min(most, prompts.size()));
    }

    /// Skips where no network leads to the model; a model that came but is damaged is a failure.
    private static Path smolLm2() {
        try {
            return new RealModelFiles().smolLm2();
        } catch (ModelSourceException e) {
            assumeTrue(
                    e.text().contains("SHA-256"),
                    "The default model is neither in the cache nor can it be fetched: " + e.text());
            throw e;
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
