package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Keys and values that are reused are those that would be computed: on a model whose logits are a
/// hash of what it finds in the cache. A block holds four tokens.
class EnginePrefixCachingTest {
    private static final int BLOCK = 4;
    private static final EngineConfig ROOMY = config(64, 8, 1024);

    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final MemoryDevice device = new MemoryDevice();
    private final Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();

    @AfterEach
    void allMemoryIsGivenBack() {
        assertThat(device.numAllocated()).isZero();
    }

    private static EngineConfig config(int batchedTokens, int maxNumSeqs, int numBlocks) {
        return new EngineConfig(
                256,
                maxNumSeqs,
                batchedTokens,
                BLOCK,
                numBlocks,
                DType.F32,
                100,
                Set.of(ByteTokenizer.EOS));
    }

    private Engine engine(EngineConfig config) {
        return new Engine(config, model, new ByteTokenizer(), device, System::nanoTime);
    }

    private void submit(Engine engine, GenerationRequest request) {
        List<GenerationEvent> list = new ArrayList<>();
        events.put(request.id(), list);
        engine.submit(request, list::add);
    }

    private List<Integer> run(Engine engine, GenerationRequest request) {
        submit(engine, request);
        finish(engine);
        return ids(request.id());
    }

    private static void finish(Engine engine) {
        int steps = 0;
        while (engine.step()) {
            engine.checkIntegrity();
            assertThat(steps++).isLessThan(100_000);
        }
        engine.checkIntegrity();
    }

    private List<GenerationEvent> eventsOf(String id) {
        return events.getOrDefault(id, List.of());
    }

    private List<Integer> ids(String id) {
        return eventsOf(id).stream()
                .filter(GenerationEvent.Delta.class::isInstance)
                .flatMapToInt(e -> Arrays.stream(((GenerationEvent.Delta) e).tokenIds().toArray()))
                .boxed()
                .toList();
    }

    private int cached(String id) {
        return ((GenerationEvent.Finished) eventsOf(id).getLast()).cachedTokens();
    }

    private List<Integer> cold(GenerationRequest request) {
        try (Engine engine = engine(ROOMY.withPrefixCaching(false))) {
            return run(engine, request);
        }
    }

    private static GenerationRequest greedy(String id, int[] prompt, int maxTokens) {
        return Requests.of(id, prompt, SamplingParams.GREEDY, maxTokens);
    }

    private static int[] join(int[] first, int... second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    private static int[] join(int[] first, List<Integer> second) {
        return join(first, second.stream().mapToInt(Integer::intValue).toArray());
    }

    @Test
    void aPromptThatWasSeenBeforeIsComputedFromItsLastBlockOnOnly() {
        int[] prompt = Requests.prompt(1, 50);
        List<Integer> lengths = new ArrayList<>();
        try (Engine engine = engine(ROOMY)) {
            List<Integer> first = run(engine, greedy("a", prompt, 5));
            model.beforeForward(batch -> lengths.add(batch.numTokens()));

            List<Integer> second = run(engine, greedy("b", prompt, 5));

            assertThat(second).isEqualTo(first);
            assertThat(cached("a")).isZero();
            assertThat(cached("b")).isEqualTo(48);
            assertThat(lengths).containsExactly(2, 1, 1, 1, 1);
        }
    }

    @Test
    void oneTokenIsAlwaysLeftToCompute() {
        int[] prompt = Requests.prompt(1, 12 * BLOCK);
        try (Engine engine = engine(ROOMY)) {
            List<Integer> first = run(engine, greedy("a", prompt, 9));

            assertThat(run(engine, greedy("b", prompt, 9))).isEqualTo(first);
            assertThat(cached("b")).isEqualTo(11 * BLOCK);
            run(engine, greedy("c", Arrays.copyOf(prompt, BLOCK), 1));
            assertThat(cached("c")).isZero();
            run(engine, greedy("d", Arrays.copyOf(prompt, BLOCK + 1), 1));
            assertThat(cached("d")).isEqualTo(BLOCK);
        }
    }

    @Test
    void theNextTurnOfAChatReusesTheAnswerBeforeIt() {
        int[] question = Requests.prompt(1, 21);
        try (Engine engine = engine(ROOMY)) {
            int[] history = join(question, run(engine, greedy("a", question, 20)));
            GenerationRequest next = greedy("b", join(history, 1, 2, 3), 20);

            List<Integer> answer = run(engine, next);

            // The last token of an answer is never computed: 40 are.
            assertThat(cached("b")).isEqualTo(40);
            assertThat(answer).isEqualTo(cold(next));
        }
    }

    @Test
    void promptsThatPartGoSeparateWays() {
        int[] system = Requests.prompt(1, 30);
        try (Engine engine = engine(ROOMY)) {
            for (int i = 0; i < 10; i++) {
                GenerationRequest request = greedy("r" + i, join(system, i, i, i, i, i, i), 10);

                assertThat(run(engine, request)).isEqualTo(cold(request));
            }
            try (Engine again = engine(ROOMY)) {
                run(again, greedy("x", join(system, 0), 1));
                run(again, greedy("y", join(system, 1), 1));
                assertThat(cached("y")).isEqualTo(28);
            }
        }
    }

    @Test
    void requestsWithOtherSaltsShareNothing() {
        int[] prompt = Requests.prompt(1, 40);
        try (Engine engine = engine(ROOMY)) {
            List<Optional<String>> salts =
                    List.of(Optional.empty(), Optional.of("one"), Optional.of("two"));
            for (int i = 0; i < 6; i++) {
                GenerationRequest plain = greedy("r" + i, prompt, 3);
                run(
                        engine,
                        new GenerationRequest(
                                plain.id(),
                                plain.prompt(),
                                plain.sampling(),
                                plain.rules(),
                                plain.stop(),
                                plain.output(),
                                salts.get(i % 3)));
                assertThat(cached("r" + i)).isEqualTo(i < 3 ? 0 : 36);
            }
        }
    }

    @Test
    void offMeansOff() {
        int[] prompt = Requests.prompt(1, 40);
        try (Engine engine = engine(ROOMY.withPrefixCaching(false))) {
            List<Integer> first = run(engine, greedy("a", prompt, 5));

            assertThat(run(engine, greedy("b", prompt, 5))).isEqualTo(first);
            assertThat(cached("b")).isZero();
            assertThat(engine.stats().snapshot().prefixes().enabled()).isFalse();
            assertThat(engine.stats().snapshot().prefixes().blocksReusable()).isZero();
        }
    }

    @Test
    void positionsThatAreScoredAreComputed() {
        int[] prompt = Requests.prompt(1, 40);
        OutputOptions scored =
                new OutputOptions(
                        true,
                        false,
                        Set.of(),
                        new LogprobsOptions(OptionalInt.empty(), false, false, OptionalInt.of(2)));
        try (Engine engine = engine(config(16, 4, 64))) {
            run(engine, greedy("a", prompt, 3));
            GenerationRequest request =
                    new GenerationRequest(
                            "b",
                            TokenIds.of(prompt),
                            SamplingParams.GREEDY,
                            LogitsRules.NONE,
                            RuledEngine.endless(3),
                            scored);
            List<Integer> second = run(engine, request);

            assertThat(second).isEqualTo(ids("a"));
            assertThat(cached("b")).isZero();
            assertThat(((GenerationEvent.Started) eventsOf("b").getFirst()).promptLogprobs())
                    .hasSize(39);
        }
    }

    @Test
    void aSequenceFindsWhatAnotherComputedSinceItWasAdmitted() {
        int[] system = Requests.prompt(1, 120);
        try (Engine engine = engine(config(401, 8, 1024))) {
            for (int i = 0; i < 4; i++) {
                submit(engine, greedy("r" + i, join(system, i, i, i), 3));
            }
            engine.step();
            assertThat(engine.stats().snapshot().running()).isEqualTo(4);
            finish(engine);
        }

        // Of the last one, 32 tokens fit into the first step.
        assertThat(cached("r0") + cached("r1") + cached("r2")).isZero();
        assertThat(cached("r3")).isEqualTo(120 - 32);
        for (int i = 0; i < 4; i++) {
            assertThat(ids("r" + i)).isEqualTo(cold(greedy("r" + i, join(system, i, i, i), 3)));
        }
    }

    @Test
    void twoThatComputedTheSameEndUpWithOneCopy() {
        int[] prompt = Requests.prompt(1, 30);
        try (Engine engine = engine(ROOMY)) {
            submit(engine, greedy("a", prompt, 40));
            submit(engine, greedy("b", prompt, 40));
            engine.step();
            engine.checkIntegrity();

            // Seven full blocks together and one each.
            assertThat(engine.stats().snapshot().blocksFree()).isEqualTo(1024 - 9);
            finish(engine);
        }

        assertThat(ids("b")).isEqualTo(ids("a")).isEqualTo(cold(greedy("c", prompt, 40)));
    }

    @Test
    void preemptedSequencesFindTheirBlocksAgain() {
        List<Integer> computed = new ArrayList<>();
        model.beforeForward(batch -> computed.add(batch.numTokens()));
        List<GenerationRequest> requests =
                IntStream.range(0, 3)
                        .mapToObj(i -> greedy("r" + i, Requests.prompt(i, 20), 40))
                        .toList();
        try (Engine engine = engine(config(64, 4, 34))) {
            requests.forEach(request -> submit(engine, request));
            finish(engine);

            assertThat(engine.stats().snapshot().preemptions()).isPositive();
        }
        int withCache = computed.stream().mapToInt(Integer::intValue).sum();
        computed.clear();
        try (Engine engine = engine(config(64, 4, 34).withPrefixCaching(false))) {
            requests.forEach(request -> submit(engine, request));
            finish(engine);
        }

        assertThat(withCache).isLessThan(computed.stream().mapToInt(Integer::intValue).sum());
        assertThat(requests).allSatisfy(r -> assertThat(cached(r.id())).isZero());
    }

    @Test
    void whatAFailedStepLeftIsNotFound() {
        int[] prompt = Requests.prompt(1, 40);
        try (Engine engine = engine(ROOMY)) {
            model.beforeForward(_ -> {
                throw new IllegalStateException("on purpose");
            });
            run(engine, greedy("a", prompt, 5));
            model.beforeForward(_ -> {});

            List<Integer> second = run(engine, greedy("b", prompt, 5));

            assertThat(eventsOf("a").getLast()).isInstanceOf(GenerationEvent.Failed.class);
            assertThat(cached("b")).isZero();
            assertThat(second).isEqualTo(cold(greedy("c", prompt, 5)));
        }
    }

    @Test
    void countsWhatWasFound() {
        int[] prompt = Requests.prompt(1, 50);
        try (Engine engine = engine(ROOMY)) {
            run(engine, greedy("a", prompt, 5));
            run(engine, greedy("b", prompt, 5));
            run(engine, greedy("c", Requests.prompt(2, 28), 5));

            StatsSnapshot stats = engine.stats().snapshot();

            // 13 blocks of the first prompt with its answer, 8 of the other.
            assertThat(stats.prefixes())
                    .isEqualTo(new StatsSnapshot.PrefixCounts(true, 21, 3, 1, 128, 48));
            assertThat(stats.prefixes().hitRequestRate()).isEqualTo(1 / 3.0);
            assertThat(stats.prefixes().hitTokenRate()).isEqualTo(48 / 128.0);
            assertThat(stats.blocksFree()).isEqualTo(stats.blocksTotal());
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 150);
    }

    /// Chats that share beginnings, on few blocks, with preemptions, cancels and failing steps:
    /// everyone gets what it gets alone and without a cache, and no block is lost.
    @ParameterizedTest
    @MethodSource("seeds")
    void cachedEqualsCold(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int maxNumSeqs = random.nextInt(1, 9);
        EngineConfig crowded =
                config(random.nextInt(maxNumSeqs, 48), maxNumSeqs, random.nextInt(40, 90));
        boolean faults = random.nextInt(3) == 0;
        model.beforeForward(_ -> {
            if (faults && random.nextInt(40) == 0) {
                throw new IllegalStateException("on purpose");
            }
        });
        List<GenerationRequest> requests = new ArrayList<>();
        try (Engine engine = engine(crowded)) {
            for (int i = 0; i < 40; i++) {
                GenerationRequest request = next(random, i, requests);
                requests.add(request);
                submit(engine, request);
                for (int steps = random.nextInt(8); steps > 0; steps--) {
                    engine.step();
                    engine.checkIntegrity();
                }
                if (random.nextInt(5) == 0) {
                    engine.cancel("r" + random.nextInt(i + 1));
                }
            }
            finish(engine);
            assertThat(engine.stats().snapshot().blocksFree()).isEqualTo(crowded.numBlocks());
        }
        model.beforeForward(_ -> {});
        Map<String, List<Integer>> warm = new LinkedHashMap<>();
        Map<String, GenerationEvent> ends = new LinkedHashMap<>();
        requests.forEach(r -> warm.put(r.id(), ids(r.id())));
        requests.forEach(r -> ends.put(r.id(), eventsOf(r.id()).getLast()));

        for (GenerationRequest request : requests) {
            List<Integer> expected = cold(request);
            List<Integer> actual = warm.getOrDefault(request.id(), List.of());
            if (ends.get(request.id()) instanceof GenerationEvent.Finished finished) {
                assertThat(actual).as(request.id()).isEqualTo(expected);
                assertThat(finished.cachedTokens()).isBetween(0, finished.promptTokens() - 1);
                assertThat(finished.cachedTokens() % BLOCK).isZero();
            } else {
                assertThat(expected.subList(0, actual.size())).isEqualTo(actual);
            }
        }
    }

    /// A new prompt, one that begins as an earlier one, or the next turn behind an answer.
    private GenerationRequest next(
            SplittableRandom random, int index, List<GenerationRequest> earlier) {
        int[] prompt = Requests.prompt(random.nextInt(3), random.nextInt(1, 60));
        if (!earlier.isEmpty() && random.nextBoolean()) {
            GenerationRequest other = earlier.get(random.nextInt(earlier.size()));
            prompt = other.prompt().toArray();
            if (random.nextBoolean()) {
                prompt = join(prompt, ids(other.id()));
            }
            prompt = Arrays.copyOf(prompt, Math.min(prompt.length, 100));
        }
        int[] own = Requests.prompt(random.nextInt(4), random.nextInt(0, 12));
        SamplingParams sampling =
                random.nextBoolean()
                        ? SamplingParams.GREEDY
                        : new SamplingParams(
                                1, 0.95f, OptionalInt.of(50), 0.01f, random.nextLong());
        return Requests.of("r" + index, join(prompt, own), sampling, random.nextInt(1, 30));
    }
}
