package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;

/// The rules in an engine whose device draws the tokens: as those of [EngineRulesTest], and the
/// same answers as where the host draws them.
class EngineSamplingDeviceTest extends EngineRulesTest {
    @Override
    MemoryDevice open() {
        return MemoryDevice.sampling();
    }

    /// An engine on the same model whose host draws.
    static final class OnHost extends RuledEngine {}

    static void assertSame(Map<String, Answer> actual, Map<String, Answer> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        actual.forEach((id, answer) -> {
            Answer other = of(expected, id);
            assertThat(answer.ids()).as(id).isEqualTo(other.ids());
            assertThat(answer.text()).isEqualTo(other.text());
            assertThat(answer.reason()).isEqualTo(other.reason());
            DrawAssert.assertSame(answer.logprobs(), other.logprobs());
            DrawAssert.assertSame(answer.promptLogprobs(), other.promptLogprobs());
        });
    }

    static EngineConfig configOf(LogprobsMode mode) {
        EngineConfig plain = roomy();
        return new EngineConfig(
                plain.maxModelLen(),
                plain.maxNumSeqs(),
                plain.maxNumBatchedTokens(),
                plain.blockSize(),
                plain.numBlocks(),
                plain.kvDtype(),
                plain.maxWaiting(),
                Set.of(ByteTokenizer.EOS),
                true,
                mode);
    }

    /// Four requests: scaled by the temperature or not, within the nucleus or not.
    static GenerationRequest[] inAllReadings(int maxTokens) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (boolean scaled : new boolean[] {false, true}) {
            for (boolean inNucleus : new boolean[] {false, true}) {
                LogprobsOptions options =
                        new LogprobsOptions(
                                OptionalInt.of(requests.isEmpty() ? 20 : 5),
                                scaled,
                                inNucleus,
                                OptionalInt.empty());
                requests.add(
                        new GenerationRequest(
                                "r" + requests.size(),
                                TokenIds.of(Requests.prompt(3, 12)),
                                new SamplingParams(
                                        0.7f,
                                        0.8f,
                                        OptionalInt.of(200),
                                        0.001f,
                                        5,
                                        new Penalties(1.1f, 0.2f, 0.1f)),
                                LogitsRules.NONE,
                                endless(maxTokens),
                                new OutputOptions(true, false, Set.of(), options)));
            }
        }
        return requests.toArray(GenerationRequest[]::new);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void answersAreThoseOfTheHost(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GenerationRequest[] requests = new GenerationRequest[8];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = random("r" + i, random);
        }
        EngineConfig config = config(random.nextInt(8, 40), random.nextInt(1, 8), 60);
        List<LogitsProcessor> processors =
                seed % 2 == 0 ? List.of() : List.of(new BiasByArgument());

        Map<String, Answer> drawn = run(config, processors, requests);

        assertSame(drawn, new OnHost().run(config, processors, requests));
        assertThat(processors.isEmpty() && device.numSampled() == 0).isFalse();
    }

    @ParameterizedTest
    @EnumSource(LogprobsMode.class)
    void logprobsAreThoseOfTheHostInAllModes(LogprobsMode mode) {
        EngineConfig config = configOf(mode);
        GenerationRequest[] all = inAllReadings(20);

        Map<String, Answer> drawn = run(config, List.of(), all);

        assertSame(drawn, new OnHost().run(config, List.of(), all));
        assertThat(device.numSampled()).isEqualTo(4 * 20);
    }

    /// More log probabilities than a device tells, and a forced token: the host draws.
    @Test
    void whatTheDeviceCanNotDoIsDrawnOnTheHost() {
        LogprobsOptions many =
                new LogprobsOptions(OptionalInt.of(21), false, false, OptionalInt.empty());
        GenerationRequest request =
                request(
                        "a",
                        LogitsRules.NONE,
                        endless(6),
                        new OutputOptions(true, false, Set.of(), many));

        Answer answer = alone(request);

        assertThat(answer.logprobs()).hasSize(6).allMatch(position -> position.top().size() == 21);
        assertThat(device.numSampled()).isZero();
    }

    @Test
    void aRowThatLeavesNoTokenEndsItsOwnSequenceOnly() {
        model.withoutNumbersAfter(ids -> ids[0] == 1);

        Map<String, Answer> answers =
                run(
                        roomy(),
                        List.of(),
                        Requests.of("bad", new int[] {1, 2}, SamplingParams.GREEDY, 5),
                        Requests.of("good", new int[] {2, 2}, SamplingParams.GREEDY, 5));

        assertThat(of(answers, "bad").end()).isInstanceOf(GenerationEvent.Failed.class);
        assertThat(of(answers, "good").reason()).isEqualTo(FinishReason.LENGTH);
    }
}
