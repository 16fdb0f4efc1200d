package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cpu.Kernels;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Every family against transformers, on small random checkpoints: prompts span ten KV blocks and
/// exceed the windows of 16 tokens that Gemma and Mistral have.
class ParityTest {
    private static final int LONGEST = 214;

    /// A checkpoint and the kernels that run it.
    record Case(ParityCheckpoint checkpoint, Kernels kernels) {
        ModelUnderTest load(Packing packing, DType kv) {
            Device device =
                    CpuDevice.open(CpuOptions.defaults().withThreads(2).withKernels(kernels));
            int sequences = checkpoint.prompts().size();
            return new ModelUnderTest(checkpoint.path(), device, packing, kv, LONGEST, sequences);
        }

        @Override
        public String toString() {
            return checkpoint + " on " + kernels;
        }
    }

    static Stream<Case> safetensors() {
        return Stream.concat(
                        Stream.of(
                                        "llama",
                                        "llama3-rope",
                                        "llama-bias-sharded",
                                        "mistral",
                                        "qwen2",
                                        "qwen3",
                                        "gemma3",
                                        "gemma3-linear-rope",
                                        "ernie4_5",
                                        "ernie4_5-paddle-untied")
                                .map(ParityCheckpoint::read),
                        Stream.of(ParityCheckpoint.read("ernie4_5-paddle", "ernie4_5")))
                .flatMap(ParityTest::onEveryKernel);
    }

    static Stream<Case> gguf() {
        return Stream.of(
                        "gguf-llama",
                        "gguf-llama-k",
                        "gguf-qwen2",
                        "gguf-qwen3",
                        "gguf-gemma3",
                        "gguf-ernie4_5")
                .map(ParityCheckpoint::read)
                .flatMap(ParityTest::onEveryKernel);
    }

    static Stream<Case> all() {
        return Stream.concat(safetensors(), gguf());
    }

    static Stream<Case> allOnTheBestKernels() {
        return all().filter(parity -> parity.kernels() == Kernels.AUTO);
    }

    private static Stream<Case> onEveryKernel(ParityCheckpoint checkpoint) {
        return Stream.of(Kernels.AUTO, Kernels.JAVA).map(kernels -> new Case(checkpoint, kernels));
    }

    @ParameterizedTest
    @MethodSource("all")
    void float32LogitsAreThoseOfTransformersAtEveryPosition(Case parity) {
        try (ModelUnderTest model = parity.load(Packing.FLOAT32, DType.F32)) {
            for (ParityCheckpoint.Prompt prompt : parity.checkpoint().prompts()) {
                Logits whole = model.logits(prompt.tokens(), LONGEST);

                assertThat(whole.from(prompt.logits()).max()).isLessThanOrEqualTo(1e-4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("allOnTheBestKernels")
    void float32GreedyTokensAreThoseOfTransformers(Case parity) {
        try (ModelUnderTest model = parity.load(Packing.FLOAT32, DType.F32)) {
            for (ParityCheckpoint.Prompt prompt : parity.checkpoint().prompts()) {
                int[] greedy = model.greedy(prompt.tokens(), prompt.greedy().length);

                assertThat(greedy).hasSize(64).isEqualTo(prompt.greedy());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("allOnTheBestKernels")
    void chunksStepsAndBatchesGiveTheLogitsOfOneWholePrompt(Case parity) {
        try (ModelUnderTest model = parity.load(Packing.FLOAT32, DType.F32)) {
            List<int[]> prompts =
                    parity.checkpoint().prompts().stream()
                            .map(ParityCheckpoint.Prompt::tokens)
                            .toList();
            int[] longest = prompts.getLast();

            Logits whole = model.logits(longest, LONGEST);
            Logits together = model.logitsTogether(prompts);

            assertThat(model.logits(longest, 23).values()).isEqualTo(whole.values());
            assertThat(model.logits(longest, 1).values()).isEqualTo(whole.values());
            assertThat(together.values()).endsWith(whole.values());
        }
    }

    @ParameterizedTest
    @MethodSource("safetensors")
    void bf16LogitsAreNearThoseOfTransformersOnTheSameRoundedWeights(Case parity) {
        try (ModelUnderTest model = parity.load(Packing.BFLOAT16, DType.BF16)) {
            for (ParityCheckpoint.Prompt prompt : parity.checkpoint().prompts()) {
                Logits.Distance whole =
                        model.logits(prompt.tokens(), LONGEST).from(prompt.bf16Logits());

                assertThat(whole.rms()).isLessThanOrEqualTo(1e-2);
                assertThat(whole.max()).isLessThanOrEqualTo(6e-2);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("gguf")
    void packedGgufLogitsAreNearThoseOfTheDequantisedWeights(Case parity) {
        try (ModelUnderTest model = parity.load(Packing.SOURCE, DType.BF16)) {
            for (ParityCheckpoint.Prompt prompt : parity.checkpoint().prompts()) {
                Logits.Distance whole =
                        model.logits(prompt.tokens(), LONGEST).from(prompt.logits());

                assertThat(whole.rms()).isLessThanOrEqualTo(3e-2);
            }
        }
    }

    /// A checkpoint and a number of ranks that its model can be spread over. Llama's and Mistral's
    /// have odd numbers of heads; `TensorParallelTest` has these families.
    static Stream<Arguments> spread() {
        return Stream.of(
                Arguments.of("llama3-rope", 2),
                Arguments.of("qwen2", 3),
                Arguments.of("qwen2", 9),
                Arguments.of("qwen3", 2),
                Arguments.of("qwen3", 4),
                Arguments.of("gemma3", 2),
                Arguments.of("gemma3-linear-rope", 2),
                Arguments.of("ernie4_5", 2),
                Arguments.of("ernie4_5-paddle-untied", 2),
                Arguments.of("ernie4_5-paddle-untied", 4),
                Arguments.of("ernie4_5-paddle", 2));
    }

    @ParameterizedTest
    @MethodSource("spread")
    void overSeveralRanksTheLogitsAreThoseOfTransformers(
            String name, int ranks, @TempDir Path directory) throws IOException {
        String numbers = name.equals("ernie4_5-paddle") ? "ernie4_5" : name;
        ParityCheckpoint checkpoint = ParityCheckpoint.read(name, numbers);
        WiderVocabulary.copy(checkpoint.path(), directory);
        Device device =
                TensorParallelDevice.sharing(
                        CpuDevice.open(CpuOptions.defaults().withThreads(2)), ranks);
        int sequences = checkpoint.prompts().size();
        try (ModelUnderTest model =
                new ModelUnderTest(
                        directory, device, Packing.FLOAT32, DType.F32, LONGEST, sequences)) {
            for (ParityCheckpoint.Prompt prompt : checkpoint.prompts()) {
                Logits whole = model.logits(prompt.tokens(), LONGEST);
                Logits chunked = model.logits(prompt.tokens(), 7);

                int vocabulary = prompt.logits().vocabulary();
                assertThat(whole.ofFirst(vocabulary).from(prompt.logits()).max())
                        .isLessThanOrEqualTo(1e-4);
                assertThat(chunked.values()).isEqualTo(whole.values());
            }
        }
    }
}
