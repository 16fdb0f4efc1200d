package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.compute.cpu.Kernels;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/// What the engine reports for a small random checkpoint against transformers' log-softmax, which
/// `src/test/python/make_logprob_cases.py` records.
class LogprobsParityTest {
    private static final Path RESOURCES = Path.of("src/test/resources");
    private static final int TOP = 4;
    private static final double TOLERANCE = 1e-3;

    static Stream<Arguments> settings() {
        return Stream.of(
                Arguments.of(Kernels.AUTO, config(256, 8, 200)),
                Arguments.of(Kernels.JAVA, config(256, 8, 200)),
                Arguments.of(Kernels.AUTO, config(7, 3, 200)),
                Arguments.of(Kernels.AUTO, config(4, 1, 200)),
                Arguments.of(Kernels.AUTO, config(9, 4, 58)));
    }

    private static EngineConfig config(int batchedTokens, int maxNumSeqs, int numBlocks) {
        return new EngineConfig(
                240, maxNumSeqs, batchedTokens, 4, numBlocks, DType.F32, 20, Set.of());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void logprobsOfPromptAndOutputAreThoseOfTransformers(Kernels kernels, EngineConfig config)
            throws IOException {
        JsonNode prompts =
                new ObjectMapper()
                        .readTree(Files.readString(RESOURCES.resolve("sampling/logprobs.json")))
                        .get("prompts");

        Map<String, List<TokenLogprobs>> reported =
                run(kernels, config, prompts, OptionalInt.of(TOP));

        for (int i = 0; i < prompts.size(); i++) {
            JsonNode expected = prompts.get(i);
            List<TokenLogprobs> actual = reported.getOrDefault("r" + i, List.of());
            assertThat(actual).hasSize(expected.get("chosen").size());
            for (int at = 0; at < actual.size(); at++) {
                TokenLogprobs position = actual.get(at);
                assertThat((double) position.chosen().logprob())
                        .as("prompt %d, position %d", i, at)
                        .isCloseTo(expected.get("chosen").get(at).doubleValue(), within(TOLERANCE));
                assertThat(position.top()).hasSize(TOP);
                for (int k = 0; k < TOP; k++) {
                    assertThat((double) position.top().get(k).logprob())
                            .isCloseTo(
                                    expected.get("top").get(at).get(k).doubleValue(),
                                    within(TOLERANCE));
                }
            }
        }
    }

    /// The last layer computes only the rows whose logits are wanted: bit for bit the same.
    @ParameterizedTest
    @MethodSource("settings")
    void scoringThePromptChangesNoBitOfTheOutput(Kernels kernels, EngineConfig config)
            throws IOException {
        JsonNode prompts =
                new ObjectMapper()
                        .readTree(Files.readString(RESOURCES.resolve("sampling/logprobs.json")))
                        .get("prompts");

        Map<String, List<TokenLogprobs>> with = run(kernels, config, prompts, OptionalInt.of(TOP));
        Map<String, List<TokenLogprobs>> without =
                run(kernels, config, prompts, OptionalInt.empty());

        without.forEach((id, output) -> {
            List<TokenLogprobs> all = with.getOrDefault(id, List.of());
            assertThat(output).isNotEmpty();
            assertThat(output).isEqualTo(all.subList(all.size() - output.size(), all.size()));
        });
    }

    /// What is reported of the prompt, but for its first token, and of the output.
    private static Map<String, List<TokenLogprobs>> run(
            Kernels kernels, EngineConfig config, JsonNode prompts, OptionalInt top) {
        Map<String, List<TokenLogprobs>> reported = new LinkedHashMap<>();
        CpuOptions options = CpuOptions.defaults().withThreads(2).withKernels(kernels);
        try (Device device = CpuDevice.open(options);
                ModelCheckpoint checkpoint =
                        ModelCheckpoint.open(RESOURCES.resolve("parity/llama"));
                CausalLm model = checkpoint.load(device, Packing.FLOAT32);
                Engine engine =
                        new Engine(config, model, new ByteTokenizer(), device, System::nanoTime)) {
            for (int i = 0; i < prompts.size(); i++) {
                List<TokenLogprobs> list = new ArrayList<>();
                reported.put("r" + i, list);
                engine.submit(
                        request("r" + i, prompts.get(i), top),
                        event -> {
                            switch (event) {
                                case GenerationEvent.Started e -> list.addAll(e.promptLogprobs());
                                case GenerationEvent.Delta e -> list.addAll(e.logprobs());
                                case GenerationEvent.Finished _ -> {}
                                case GenerationEvent.Failed e -> throw e.cause();
                            }
                        });
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }
        return reported;
    }

    private static GenerationRequest request(String id, JsonNode json, OptionalInt promptTop) {
        int[] prompt = new int[json.get("prompt").size()];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = json.get("prompt").get(i).intValue();
        }
        return new GenerationRequest(
                id,
                TokenIds.of(prompt),
                SamplingParams.GREEDY,
                LogitsRules.NONE,
                new StopConditions(json.get("output").size(), List.of(), Set.of(), true, false),
                new OutputOptions(
                        true,
                        false,
                        Set.of(),
                        new LogprobsOptions(OptionalInt.of(TOP), false, false, promptTop)));
    }
}
