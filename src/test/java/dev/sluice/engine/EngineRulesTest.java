package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/// Rules, markers and company in a running engine.
class EngineRulesTest extends RuledEngine {
    private static final int END = 'E';

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    static GenerationRequest random(String id, SplittableRandom random) {
        List<TokenIds> badWords = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            badWords.add(TokenIds.of(random.ints(random.nextInt(1, 3), 0, 256).toArray()));
        }
        SamplingParams sampling =
                new SamplingParams(
                        random.nextInt(2),
                        0.95f,
                        random.nextBoolean() ? OptionalInt.of(50) : OptionalInt.empty(),
                        0.01f,
                        random.nextLong(),
                        random.nextBoolean() ? new Penalties(1.3f, 0.4f, 0.2f) : Penalties.NONE);
        Optional<ThinkingBudget> thinking =
                random.nextBoolean()
                        ? Optional.of(
                                new ThinkingBudget(
                                        OptionalInt.of(random.nextInt(1, 9)),
                                        random.nextBoolean()
                                                ? OptionalInt.of(random.nextInt(1, 9))
                                                : OptionalInt.empty(),
                                        true,
                                        TokenIds.EMPTY,
                                        TokenIds.of(END, END),
                                        TokenIds.of('\n', END, END)))
                        : Optional.empty();
        int maxTokens = random.nextInt(1, 30);
        return new GenerationRequest(
                id,
                TokenIds.of(Requests.prompt(random.nextLong(), random.nextInt(1, 60))),
                sampling,
                new LogitsRules(
                        badWords,
                        random.nextBoolean() ? Map.of(65, 1f, 66, -2f) : Map.of(),
                        Map.of("bias", random.nextInt(4)),
                        thinking),
                new StopConditions(
                        random.nextInt(maxTokens + 1),
                        maxTokens,
                        List.of("\u0001\u0002"),
                        Set.of(random.nextInt(256)),
                        false,
                        random.nextBoolean()),
                new OutputOptions(
                        true,
                        random.nextBoolean(),
                        Set.of(random.nextInt(256)),
                        new LogprobsOptions(
                                random.nextBoolean()
                                        ? OptionalInt.of(random.nextInt(6))
                                        : OptionalInt.empty(),
                                random.nextBoolean(),
                                random.nextBoolean(),
                                random.nextBoolean()
                                        ? OptionalInt.of(random.nextInt(4))
                                        : OptionalInt.empty())));
    }

    /// Batched, chunked and preempted at random, with all rules on: every sequence is what it is
    /// alone.
    @ParameterizedTest
    @MethodSource("seeds")
    void outputDoesNotDependOnTheCompany(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GenerationRequest[] requests = new GenerationRequest[12];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = random("r" + i, random);
        }
        int maxNumSeqs = random.nextInt(1, 9);
        EngineConfig crowded =
                config(random.nextInt(maxNumSeqs, 40), maxNumSeqs, random.nextInt(24, 60));
        List<LogitsProcessor> processors = List.of(new BiasByArgument());

        Map<String, Answer> together = run(crowded, processors, requests);

        for (GenerationRequest request : requests) {
            assertThat(of(together, request.id())).isEqualTo(alone(request, new BiasByArgument()));
        }
    }

    /// Adds the argument `bias` to the logits of every third id, depending on the position.
    static final class BiasByArgument implements LogitsProcessor {
        @Override
        public boolean appliesTo(SequenceState sequence) {
            return !Integer.valueOf(0).equals(sequence.args().get("bias"));
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {
            float bias = ((Number) sequence.args().getOrDefault("bias", 0)).floatValue();
            int last = sequence.token(sequence.numPromptTokens() + sequence.numOutputTokens() - 1);
            for (int id = last % 3; id < ByteTokenizer.SIZE; id += 3) {
                float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, id);
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, id, logit + bias);
            }
        }
    }

    @Test
    void neitherTheEndNorAStopIdComesBeforeTheLeastNumberOfTokens() {
        model.saying(ids -> ids.length % 2 == 0 ? ByteTokenizer.EOS : 'x');
        StopConditions stop = new StopConditions(5, 20, List.of(), Set.of((int) 'x'), false, false);

        Answer answer = alone(request("a", LogitsRules.NONE, stop, OutputOptions.TEXT));

        assertThat(answer.ids()).hasSize(6);
        assertThat(answer.ids().subList(0, 5)).doesNotContain(ByteTokenizer.EOS, (int) 'x');
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void noStopStringEndsTheTextBeforeTheLeastNumberOfTokens() {
        model.saying(ids -> ids.length % 2 == 0 ? 'a' : 'b');
        StopConditions stop = new StopConditions(5, 20, List.of("ab"), Set.of(), false, false);

        Answer answer = alone(request("a", LogitsRules.NONE, stop, OutputOptions.TEXT));

        // The first that is whole behind the least number begins before it.
        assertThat(answer.ids()).hasSize(6);
        assertThat(answer.text()).isEqualTo("abab");
        assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void badWordsAreNeverCompleted() {
        model.saying(ids -> ids[ids.length - 1] == 'a' ? 'b' : 'a');
        LogitsRules rules =
                new LogitsRules(
                        List.of(TokenIds.of('a', 'b'), TokenIds.of('c')),
                        Map.of((int) 'c', 500f),
                        Map.of(),
                        Optional.empty());

        Answer answer = alone(request("a", rules, endless(20), OutputOptions.TEXT));

        assertThat(answer.text()).contains("a").doesNotContain("ab", "c");
    }

    /// Numbers that are finite, and would not be once they are added up or divided by a
    /// temperature.
    @Test
    void theLargestNumbersLeaveProbabilities() {
        float most = Float.MAX_VALUE;
        Map<Integer, Float> all = new HashMap<>();
        for (int id = 0; id < ByteTokenizer.SIZE; id++) {
            all.put(id, -most);
        }
        List<Penalties> penalties =
                List.of(
                        Penalties.NONE,
                        new Penalties(Float.MIN_VALUE, 0, 0),
                        new Penalties(most, most, most),
                        new Penalties(Float.MIN_VALUE, -most, -most));
        for (Map<Integer, Float> bias : List.of(Map.of((int) 'c', most), all)) {
            for (Penalties penalty : penalties) {
                for (float temperature : new float[] {1e-5f, 0.5f, 2f}) {
                    GenerationRequest request =
                            new GenerationRequest(
                                    "a",
                                    TokenIds.of(Requests.prompt(3, 12)),
                                    new SamplingParams(
                                            temperature, 1f, OptionalInt.empty(), 0f, 1, penalty),
                                    new LogitsRules(
                                            List.of(TokenIds.of('d')),
                                            bias,
                                            Map.of("logit_bias", Map.of("101", most)),
                                            Optional.empty()),
                                    endless(8),
                                    OutputOptions.TEXT);

                    assertThat(alone(request, new LogitBiasLogitsProcessor()).ids())
                            .as("%s %s %s", bias.size(), penalty, temperature)
                            .hasSize(8)
                            .doesNotContain((int) 'd');
                }
            }
        }
    }

    @Test
    void withoutRecomputingTheYoungestEndsWithTheTextSoFar() {
        model.saying(ids -> 'a' + ids.length % 3);
        EngineConfig small = config(64, 4, 12, false).withPrefixCaching(false);
        UnaryOperator<String> stop = id -> id.equals("young") ? "zzzz" : "yyyy";
        GenerationRequest[] requests =
                List.of("old", "young").stream()
                        .map(id ->
                                new GenerationRequest(
                                        id,
                                        TokenIds.of(Requests.prompt(1, 10)),
                                        SamplingParams.GREEDY,
                                        new StopConditions(
                                                30,
                                                List.of(stop.apply(id), "abcabcabd"),
                                                Set.of(),
                                                true,
                                                false)))
                        .toArray(GenerationRequest[]::new);

        Map<String, Answer> answers = run(small, List.of(), requests);

        Answer young = of(answers, "young");
        assertThat(of(answers, "old").reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(of(answers, "old").ids()).hasSize(30);
        assertThat(young.reason()).isEqualTo(FinishReason.RECOVER_STOP);
        assertThat(young.ids()).isNotEmpty().hasSizeLessThan(30);
        assertThat(young.text()).hasSameSizeAs(young.ids());
        assertThat(of(answers, "old").text()).startsWith(young.text());
    }

    @Test
    void markersStandBetweenTheTextsAroundThem() {
        model.saying(ids -> "think|say".charAt(Math.min(8, ids.length - 12)));
        OutputOptions output =
                new OutputOptions(true, false, Set.of((int) '|'), LogprobsOptions.NONE);

        Answer answer = alone(request("a", LogitsRules.NONE, endless(9), output));

        assertThat(answer.text()).isEqualTo("thinksay");
        assertThat(answer.markers()).containsExactly(5, 5);
    }
}
