package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.TinyModels;
import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelCheckpoint;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.TrackingDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// With reused keys and values a real model on the CPU device gives the same log probabilities, bit
/// for bit, as without.
class EnginePrefixCachingCpuTest {
    private static final int BLOCK = 16;

    @TempDir private Path directory;

    private final TrackingDevice device =
            new TrackingDevice(CpuDevice.open(CpuOptions.defaults().withThreads(2)));

    @AfterEach
    void allMemoryIsGivenBack() {
        device.close();
    }

    /// What a request got.
    private record Answer(List<TokenLogprobs> logprobs, int cachedTokens) {}

    private record Run(Map<String, Answer> answers, long preemptions) {}

    private CausalLm load() {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(TinyModels.write(directory))) {
            return checkpoint.load(device, Packing.SOURCE);
        }
    }

    /// @param waves each one begins when the one before has ended
    private static Run run(
            CausalLm model,
            TrackingDevice device,
            EngineConfig config,
            List<List<GenerationRequest>> waves) {
        Map<String, Answer> answers = new LinkedHashMap<>();
        try (Engine engine =
                new Engine(config, model, new ByteTokenizer(), device, System::nanoTime)) {
            for (List<GenerationRequest> wave : waves) {
                for (GenerationRequest request : wave) {
                    List<TokenLogprobs> own = new ArrayList<>();
                    engine.submit(
                            request,
                            event -> {
                                if (event instanceof GenerationEvent.Delta delta) {
                                    own.addAll(delta.logprobs());
                                } else if (event instanceof GenerationEvent.Finished end) {
                                    answers.put(
                                            end.requestId(), new Answer(own, end.cachedTokens()));
                                }
                            });
                }
                while (engine.step()) {
                    engine.checkIntegrity();
                }
            }
            return new Run(answers, engine.stats().snapshot().preemptions());
        }
    }

    private static EngineConfig config(int batchedTokens, int numBlocks) {
        return new EngineConfig(
                512, 4, batchedTokens, BLOCK, numBlocks, DType.BF16, 64, Set.of(1000));
    }

    private static GenerationRequest request(String id, int[] prompt, SamplingParams sampling) {
        LogprobsOptions logprobs =
                new LogprobsOptions(OptionalInt.of(3), false, false, OptionalInt.empty());
        return new GenerationRequest(
                id,
                TokenIds.of(prompt),
                sampling,
                LogitsRules.NONE,
                RuledEngine.endless(20),
                new OutputOptions(true, false, Set.of(), logprobs));
    }

    private static int[] prompt(int[] system, int seed, int length) {
        return IntStream.concat(IntStream.of(system), IntStream.of(Requests.prompt(seed, length)))
                .toArray();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void cachedEqualsColdBitForBit(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] system = Requests.prompt(seed, 150);
        List<List<GenerationRequest>> waves = new ArrayList<>();
        for (int wave = 0; wave < 3; wave++) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                SamplingParams sampling =
                        i % 2 == 0
                                ? SamplingParams.GREEDY
                                : new SamplingParams(1, 0.95f, OptionalInt.of(50), 0, i);
                int[] own = prompt(system, random.nextInt(3), random.nextInt(1, 60));
                requests.add(request("w" + wave + "r" + i, own, sampling));
            }
            waves.add(requests);
        }
        try (CausalLm model = load()) {
            Run warm = run(model, device, config(random.nextInt(4, 100), 32), waves);
            Run cold = run(model, device, config(512, 400).withPrefixCaching(false), waves);

            assertThat(warm.answers().keySet()).hasSize(15).isEqualTo(cold.answers().keySet());
            warm.answers()
                    .forEach((id, answer) ->
                            assertThat(answer.logprobs())
                                    .as(id)
                                    .hasSize(20)
                                    .isEqualTo(
                                            Objects.requireNonNull(cold.answers().get(id))
                                                    .logprobs()));
            assertThat(warm.answers().values().stream().mapToInt(Answer::cachedTokens).sum())
                    .isGreaterThan(10 * 144);
        }
    }

    @Test
    void preemptedSequencesThatFindTheirBlocksAgainAreUndisturbed() {
        List<GenerationRequest> requests =
                IntStream.range(0, 4)
                        .mapToObj(i ->
                                request("r" + i, Requests.prompt(i, 60), SamplingParams.GREEDY))
                        .toList();
        try (CausalLm model = load()) {
            Run crowded = run(model, device, config(64, 14), List.of(requests));
            Run cold =
                    run(
                            model,
                            device,
                            config(512, 400).withPrefixCaching(false),
                            List.of(requests));

            assertThat(crowded.preemptions()).isPositive();
            assertThat(crowded.answers()).isEqualTo(cold.answers());
        }
    }
}
