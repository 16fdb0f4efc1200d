package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/// Rules, log probabilities, processors and markers in a running engine, on a model whose logits
/// are a hash of what it finds in the cache.
class EngineRulesTest {
    private static final int END = 'E';

    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final MemoryDevice device = new MemoryDevice();

    @AfterEach
    void allMemoryIsGivenBack() {
        assertThat(device.numAllocated()).isZero();
    }

    private static EngineConfig config(int batchedTokens, int maxNumSeqs, int numBlocks) {
        return config(batchedTokens, maxNumSeqs, numBlocks, true);
    }

    private static EngineConfig config(
            int batchedTokens, int maxNumSeqs, int numBlocks, boolean recompute) {
        return new EngineConfig(
                256,
                maxNumSeqs,
                batchedTokens,
                4,
                numBlocks,
                DType.F32,
                50,
                Set.of(ByteTokenizer.EOS),
                recompute,
                LogprobsMode.RAW_LOGPROBS);
    }

    private static EngineConfig roomy() {
        return config(64, 8, 1024);
    }

    /// What a request got, whatever way its events were cut.
    private record Answer(
            String text,
            List<Integer> ids,
            List<TokenLogprobs> logprobs,
            List<TokenLogprobs> promptLogprobs,
            List<Integer> markers,
            GenerationEvent end) {

        /// What does not depend on the company.
        Answer(List<GenerationEvent> events) {
            StringBuilder text = new StringBuilder();
            List<Integer> ids = new ArrayList<>();
            List<TokenLogprobs> logprobs = new ArrayList<>();
            List<Integer> markers = new ArrayList<>();
            for (GenerationEvent event : events) {
                if (event instanceof GenerationEvent.Delta delta) {
                    for (Marker marker : delta.markers()) {
                        markers.add(text.length() + marker.textOffset());
                        markers.add(marker.tokenIndex());
                    }
                    text.append(delta.text());
                    Arrays.stream(delta.tokenIds().toArray()).forEach(ids::add);
                    logprobs.addAll(delta.logprobs());
                }
            }
            List<TokenLogprobs> prompt =
                    events.getFirst() instanceof GenerationEvent.Started started
                            ? started.promptLogprobs()
                            : List.of();
            this(text.toString(), ids, logprobs, prompt, markers, events.getLast());
        }

        FinishReason reason() {
            assertThat(end).isInstanceOf(GenerationEvent.Finished.class);
            return ((GenerationEvent.Finished) end).reason();
        }
    }

    private Map<String, Answer> run(
            EngineConfig config, List<LogitsProcessor> processors, GenerationRequest... requests) {
        Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();
        try (Engine engine =
                new Engine(
                        config, model, new ByteTokenizer(), device, processors, System::nanoTime)) {
            for (GenerationRequest request : requests) {
                List<GenerationEvent> list = new ArrayList<>();
                events.put(request.id(), list);
                engine.submit(request, list::add);
            }
            int steps = 0;
            while (engine.step()) {
                engine.checkIntegrity();
                assertThat(steps++).isLessThan(100_000);
            }
            engine.checkIntegrity();
        }
        Map<String, Answer> answers = new LinkedHashMap<>();
        events.forEach((id, list) -> {
            assertThat(list.stream().filter(GenerationEvent::isTerminal)).hasSize(1);
            answers.put(id, new Answer(list));
        });
        return answers;
    }

    private static Answer of(Map<String, Answer> answers, String id) {
        return Objects.requireNonNull(answers.get(id), id);
    }

    private Answer alone(GenerationRequest request, LogitsProcessor... processors) {
        return run(roomy(), List.of(processors), request).values().iterator().next();
    }

    private static GenerationRequest request(
            String id, LogitsRules rules, StopConditions stop, OutputOptions output) {
        return new GenerationRequest(
                id,
                TokenIds.of(Requests.prompt(3, 12)),
                SamplingParams.GREEDY,
                rules,
                stop,
                output);
    }

    private static StopConditions endless(int maxTokens) {
        return new StopConditions(maxTokens, List.of(), Set.of(), true, false);
    }

    private static OutputOptions scored(int top) {
        return new OutputOptions(
                true,
                false,
                Set.of(),
                new LogprobsOptions(OptionalInt.empty(), false, false, OptionalInt.of(top)));
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    private static GenerationRequest random(String id, SplittableRandom random) {
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
                                        random.nextInt(1, 9),
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
    private static final class BiasByArgument implements LogitsProcessor {
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
    void promptLogprobsAreTheLogSoftmaxOfEachPosition() {
        int[] prompt = Requests.prompt(3, 12);

        List<TokenLogprobs> reported =
                alone(request("a", LogitsRules.NONE, endless(3), scored(2))).promptLogprobs();

        assertThat(reported).hasSize(11);
        for (int i = 0; i < 11; i++) {
            double[] expected =
                    NaiveSampling.logSoftmax(NaiveSampling.doubles(model.logits(prompt, i + 1)));
            TokenLogprob chosen = reported.get(i).chosen();
            assertThat(chosen.tokenId()).isEqualTo(prompt[i + 1]);
            assertThat(Math.abs(chosen.logprob() - expected[prompt[i + 1]])).isLessThan(1e-5);
            assertThat(reported.get(i).top()).hasSize(2);
            assertThat((double) reported.get(i).top().getFirst().logprob())
                    .isCloseTo(Arrays.stream(expected).max().orElseThrow(), within(1e-5));
        }
    }

    @Test
    void aRequestForThePromptAloneGeneratesNothing() {
        GenerationRequest promptOnly = request("a", LogitsRules.NONE, endless(0), scored(0));

        Answer answer = alone(promptOnly);

        assertThat(answer.promptLogprobs()).hasSize(11);
        assertThat(answer.end())
                .isEqualTo(new GenerationEvent.Finished("a", FinishReason.LENGTH, 12, 0, 0));
        assertThat(of(run(config(4, 1, 3), List.of(), promptOnly), "a")).isEqualTo(answer);
    }

    @Test
    void aPromptOfOneTokenHasNothingToScore() {
        GenerationRequest one =
                new GenerationRequest(
                        "a",
                        TokenIds.of(1),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE,
                        endless(0),
                        scored(3));

        assertThat(alone(one).promptLogprobs()).isEmpty();
        assertThat(alone(one).reason()).isEqualTo(FinishReason.LENGTH);
    }

    /// Two rows of logits a step: the young prompt is a third done when the old answer takes its
    /// blocks.
    @Test
    void aPromptThatIsPreemptedWhileItIsScoredIsScoredOnce() {
        GenerationRequest old =
                Requests.of("old", Requests.prompt(1, 4), SamplingParams.GREEDY, 40);
        GenerationRequest young =
                new GenerationRequest(
                        "young",
                        TokenIds.of(Requests.prompt(2, 60)),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE,
                        endless(2),
                        scored(2));
        List<TokenLogprobs> reported = new ArrayList<>();
        List<Integer> preemptedAt = new ArrayList<>();
        try (Engine engine =
                new Engine(config(64, 2, 20), model, new ByteTokenizer(), device, () -> 0)) {
            engine.submit(old, _ -> {});
            engine.submit(
                    young,
                    event -> {
                        if (event instanceof GenerationEvent.Started started) {
                            reported.addAll(started.promptLogprobs());
                        }
                    });
            for (int steps = 0; engine.step(); steps++) {
                if (engine.stats().snapshot().preemptions() > preemptedAt.size()) {
                    preemptedAt.add(steps);
                }
            }
        }

        assertThat(preemptedAt).hasSize(1);
        assertThat(preemptedAt.getFirst()).isBetween(5, 50);
        assertThat(reported).hasSize(59).isEqualTo(alone(young).promptLogprobs());
    }

    /// A long prompt that is scored leaves a row of logits for those that come.
    @Test
    void scoringAPromptDoesNotKeepOthersWaiting() {
        GenerationRequest scoring =
                new GenerationRequest(
                        "scoring",
                        TokenIds.of(Requests.prompt(1, 200)),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE,
                        endless(1),
                        scored(0));
        GenerationRequest plain =
                Requests.of("plain", Requests.prompt(2, 5), SamplingParams.GREEDY, 3);
        List<String> order = new ArrayList<>();
        try (Engine engine =
                new Engine(config(64, 4, 200), model, new ByteTokenizer(), device, () -> 0)) {
            for (GenerationRequest request : List.of(scoring, plain)) {
                engine.submit(
                        request,
                        event -> {
                            if (event.isTerminal()) {
                                order.add(event.requestId());
                            }
                        });
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }

        assertThat(order).containsExactly("plain", "scoring");
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

        assertThat(answer.text()).isEqualTo("ababa" + "b");
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

    private static LogitsRules thinking(int budget, boolean started) {
        return new LogitsRules(
                List.of(),
                Map.of(),
                Map.of(),
                Optional.of(
                        new ThinkingBudget(
                                budget,
                                started,
                                started ? TokenIds.EMPTY : TokenIds.of('<', 't'),
                                TokenIds.of('<', '/'),
                                TokenIds.of('\n', '<', '/'))));
    }

    @Test
    void thinkingEndsWhenItsBudgetIsSpent() {
        model.saying(_ -> 'm');

        Answer begun = alone(request("a", thinking(4, true), endless(10), OutputOptions.TEXT));

        assertThat(begun.text()).isEqualTo("mmmm\n</mmm");
    }

    @Test
    void thinkingThatEndsByItselfIsLeftAlone() {
        model.saying(ids -> "mm</mmmmmmmmm".charAt(ids.length - 12));

        Answer answer = alone(request("a", thinking(4, true), endless(10), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("mm</mmmmmm");
    }

    @Test
    void theBudgetCountsFromTheMarkerThatBeginsTheThinking() {
        model.saying(ids -> "mmm<tmmmmmmmmm".charAt(Math.min(13, ids.length - 12)));

        Answer answer = alone(request("a", thinking(2, false), endless(12), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("mmm<tmm\n</mm");
    }

    @Test
    void forcedTokensHaveLogprobsToo() {
        model.saying(_ -> 'm');
        OutputOptions output =
                new OutputOptions(
                        true,
                        false,
                        Set.of(),
                        new LogprobsOptions(OptionalInt.of(1), false, false, OptionalInt.empty()));

        Answer answer = alone(request("a", thinking(1, true), endless(5), output));

        assertThat(answer.text()).isEqualTo("m\n</m");
        assertThat(answer.logprobs().stream().map(l -> l.chosen().tokenId()).toList())
                .isEqualTo(answer.ids());
        assertThat(answer.logprobs().get(1).chosen().rank()).isGreaterThan(1);
    }

    /// Fails for the sequences whose argument says so, here or there.
    private record Broken(String where) implements LogitsProcessor {
        @Override
        public void updateState(List<? extends SequenceState> active) {
            if (where.equals("updateState")) {
                throw new IllegalStateException("on purpose");
            }
        }

        @Override
        public boolean appliesTo(SequenceState sequence) {
            boolean mine = sequence.args().containsKey("broken");
            if (mine && where.equals("appliesTo")) {
                throw new IllegalStateException("on purpose");
            }
            return mine;
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {
            if (where.equals("outOfBounds")) {
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, ByteTokenizer.SIZE, 1f);
            }
            throw new IllegalStateException("on purpose");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"updateState", "appliesTo", "apply", "outOfBounds"})
    void aProcessorThatFailsEndsItsOwnSequencesOnly(String where) {
        LogitsRules broken =
                new LogitsRules(List.of(), Map.of(), Map.of("broken", true), Optional.empty());

        Map<String, Answer> answers =
                run(
                        roomy(),
                        List.of(new Broken(where)),
                        request("bad", broken, endless(5), OutputOptions.TEXT),
                        request("good", LogitsRules.NONE, endless(5), OutputOptions.TEXT));

        assertThat(of(answers, "bad").end()).isInstanceOf(GenerationEvent.Failed.class);
        assertThat(of(answers, "good").reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(of(answers, "good"))
                .isEqualTo(
                        alone(request("good", LogitsRules.NONE, endless(5), OutputOptions.TEXT)));
    }

    @Test
    void aProcessorSeesTheSequencesThatDraw() {
        List<List<String>> seen = new ArrayList<>();
        LogitsProcessor watcher =
                new LogitsProcessor() {
                    @Override
                    public void updateState(List<? extends SequenceState> active) {
                        seen.add(active.stream().map(SequenceState::requestId).toList());
                    }

                    @Override
                    public boolean appliesTo(SequenceState sequence) {
                        return false;
                    }

                    @Override
                    public void apply(SequenceState sequence, MemorySegment logits) {
                        throw new IllegalStateException("not asked for");
                    }
                };

        run(
                config(8, 2, 100),
                List.of(watcher),
                Requests.of("a", Requests.prompt(1, 3), SamplingParams.GREEDY, 4),
                Requests.of("b", Requests.prompt(2, 12), SamplingParams.GREEDY, 1));

        assertThat(seen)
                .containsExactly(List.of("a"), List.of("a", "b"), List.of("a"), List.of("a"));
    }

    @Test
    void aProcessorRefusesArgumentsBeforeTheRequestIsAccepted() {
        LogitsRules rules =
                new LogitsRules(
                        List.of(),
                        Map.of(),
                        Map.of("logit_bias", Map.of("9999", 1)),
                        Optional.empty());
        GenerationRequest request = request("a", rules, endless(2), OutputOptions.TEXT);

        assertThatThrownBy(() -> alone(request, new LogitBiasLogitsProcessor()))
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> assertThat(e.param()).contains("logits_processors_args"));
        assertThat(alone(request).reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void withoutRecomputingTheYoungestEndsWithTheTextSoFar() {
        model.saying(ids -> 'a' + ids.length % 3);
        EngineConfig small = config(64, 4, 12, false);
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
