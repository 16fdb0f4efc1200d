package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// The invariants of the engine, on a model whose logits are a hash of what it finds in the cache.
class EngineTest {
    private static final EngineConfig ROOMY = config(64, 8, 1024, 16, 4);

    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final MemoryDevice device = new MemoryDevice();
    private final Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();

    @AfterEach
    void allMemoryIsGivenBack() {
        assertThat(device.numAllocated()).isZero();
    }

    private static EngineConfig config(
            int batchedTokens, int maxNumSeqs, int numBlocks, int maxWaiting, int blockSize) {
        return new EngineConfig(
                256,
                maxNumSeqs,
                batchedTokens,
                blockSize,
                numBlocks,
                DType.F32,
                maxWaiting,
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

    private List<GenerationEvent> eventsOf(String id) {
        return events.getOrDefault(id, List.of());
    }

    private void run(Engine engine) {
        int steps = 0;
        while (engine.step()) {
            engine.checkIntegrity();
            assertThat(steps++).isLessThan(100_000);
        }
        engine.checkIntegrity();
    }

    private List<Integer> ids(String id) {
        List<Integer> ids = new ArrayList<>();
        for (GenerationEvent event : eventsOf(id)) {
            if (event instanceof GenerationEvent.Delta delta) {
                for (int i = 0; i < delta.tokenIds().size(); i++) {
                    ids.add(delta.tokenIds().get(i));
                }
            }
        }
        return ids;
    }

    private String text(String id) {
        StringBuilder text = new StringBuilder();
        for (GenerationEvent event : eventsOf(id)) {
            if (event instanceof GenerationEvent.Delta delta) {
                text.append(delta.text());
            }
        }
        return text.toString();
    }

    private List<Integer> alone(GenerationRequest request) {
        try (Engine engine = engine(ROOMY)) {
            submit(engine, request);
            run(engine);
        }
        return ids(request.id());
    }

    private static List<GenerationRequest> randomRequests(SplittableRandom random, int count) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            SamplingParams sampling =
                    random.nextBoolean()
                            ? SamplingParams.GREEDY
                            : new SamplingParams(
                                    1, 0.95f, OptionalInt.of(50), 0.01f, random.nextLong());
            requests.add(
                    Requests.of(
                            "r" + i,
                            Requests.prompt(random.nextLong(), random.nextInt(1, 60)),
                            sampling,
                            random.nextInt(1, 30)));
        }
        return requests;
    }

    @Test
    void greedyTokensAreTheLargestLogits() {
        int[] prompt = Requests.prompt(1, 10);
        List<Integer> expected = new ArrayList<>();
        int[] tokens = new int[30];
        System.arraycopy(prompt, 0, tokens, 0, 10);
        for (int length = 10; length < 30; length++) {
            float[] logits = model.logits(tokens, length);
            int best = 0;
            for (int i = 1; i < logits.length; i++) {
                best = logits[i] > logits[best] ? i : best;
            }
            tokens[length] = best;
            expected.add(best);
        }

        assertThat(alone(Requests.of("a", prompt, SamplingParams.GREEDY, 20))).isEqualTo(expected);
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    /// Batched, chunked and preempted at random: every sequence is what it is alone.
    @ParameterizedTest
    @MethodSource("seeds")
    void outputDoesNotDependOnTheCompany(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<GenerationRequest> requests = randomRequests(random, 12);
        int maxNumSeqs = random.nextInt(2, 9);
        EngineConfig crowded =
                config(random.nextInt(maxNumSeqs, 40), maxNumSeqs, random.nextInt(24, 60), 50, 4);
        long preemptions;
        try (Engine engine = engine(crowded)) {
            for (GenerationRequest request : requests) {
                submit(engine, request);
                for (int i = random.nextInt(4); i > 0; i--) {
                    engine.step();
                }
            }
            run(engine);
            preemptions = engine.stats().snapshot().preemptions();
        }
        Map<String, List<Integer>> together = new LinkedHashMap<>();
        requests.forEach(request -> together.put(request.id(), ids(request.id())));

        for (GenerationRequest request : requests) {
            assertThat(together.get(request.id()))
                    .as("%s, %d preemptions", request.id(), preemptions)
                    .isEqualTo(alone(request));
        }
    }

    @Test
    void preemptedSequencesGoOnAsIfUndisturbed() {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            requests.add(
                    Requests.of(
                            "r" + i,
                            Requests.prompt(i, 20),
                            new SamplingParams(1, 1, OptionalInt.empty(), 0, i),
                            40));
        }
        long preemptions;
        try (Engine engine = engine(config(64, 4, 30, 10, 4))) {
            requests.forEach(request -> submit(engine, request));
            run(engine);
            preemptions = engine.stats().snapshot().preemptions();
        }
        List<List<Integer>> together = requests.stream().map(r -> ids(r.id())).toList();

        assertThat(preemptions).isPositive();
        assertThat(together).isEqualTo(requests.stream().map(this::alone).toList());
    }

    @Test
    void theSameSeedGivesTheSameTokensAndAnotherOneOthers() {
        SamplingParams one = new SamplingParams(1, 1, OptionalInt.empty(), 0, 1);
        SamplingParams two = new SamplingParams(1, 1, OptionalInt.empty(), 0, 2);
        int[] prompt = Requests.prompt(1, 5);

        List<Integer> first = alone(Requests.of("a", prompt, one, 20));
        List<Integer> again = alone(Requests.of("b", prompt, one, 20));
        List<Integer> other = alone(Requests.of("c", prompt, two, 20));

        assertThat(again).isEqualTo(first);
        assertThat(other).isNotEqualTo(first);
    }

    @Test
    void deltasTogetherAreTheDecodedIds() {
        alone(Requests.of("a", Requests.prompt(4, 9), SamplingParams.GREEDY, 100));

        int[] ids = ids("a").stream().mapToInt(Integer::intValue).toArray();
        assertThat(ids).hasSize(100);
        assertThat(text("a")).isEqualTo(new ByteTokenizer().decode(TokenIds.of(ids), true));
    }

    @Test
    void neverComputesMoreTokensInAStepThanTheBudget() {
        try (Engine engine = engine(config(16, 8, 1024, 50, 4))) {
            randomRequests(new SplittableRandom(5), 20).forEach(request -> submit(engine, request));
            run(engine);
        }

        assertThat(model.largestBatch()).isEqualTo(16);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyAcceptedRequestGetsExactlyOneTerminalEventAndItIsTheLast(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        model.beforeForward(_ -> {
            if (random.nextInt(25) == 0) {
                throw new IllegalStateException("on purpose");
            }
        });
        EngineConfig small = config(20, 4, 30, 100, 4);
        try (Engine engine = engine(small)) {
            for (GenerationRequest request : randomRequests(random, 30)) {
                submit(engine, request);
                if (random.nextInt(4) == 0) {
                    engine.cancel("r" + random.nextInt(30));
                }
                engine.step();
                engine.checkIntegrity();
            }
            for (int i = random.nextInt(60); i > 0; i--) {
                engine.step();
            }
        }

        assertThat(events).hasSize(30);
        events.forEach((id, list) -> {
            assertThat(list).as(id).isNotEmpty();
            assertThat(list.stream().filter(GenerationEvent::isTerminal)).as(id).hasSize(1);
            assertThat(list.getLast().isTerminal()).as(id).isTrue();
        });
    }

    @Test
    void aFaultEndsTheSequencesOfItsStepOnly() {
        try (Engine engine = engine(config(64, 2, 100, 10, 4))) {
            submit(engine, Requests.of("a", Requests.prompt(1, 5), SamplingParams.GREEDY, 5));
            submit(engine, Requests.of("b", Requests.prompt(2, 5), SamplingParams.GREEDY, 5));
            submit(engine, Requests.of("c", Requests.prompt(3, 5), SamplingParams.GREEDY, 5));
            model.beforeForward(_ -> {
                throw new IllegalStateException("on purpose");
            });
            engine.step();
            model.beforeForward(_ -> {});
            run(engine);

            assertThat(eventsOf("a").getLast()).isInstanceOf(GenerationEvent.Failed.class);
            assertThat(eventsOf("b").getLast()).isInstanceOf(GenerationEvent.Failed.class);
            assertThat(eventsOf("c").getLast()).isInstanceOf(GenerationEvent.Finished.class);
            assertThat(engine.stats().snapshot().failures()).isEqualTo(2);
        }
    }

    @Test
    void aSequenceThatIsDroppedWithinItsPromptIsTimedUpToThere() {
        EngineConfig small = RuledEngine.config(5, 4, 12, false).withPrefixCaching(false);
        try (Engine engine = engine(small)) {
            submit(engine, Requests.of("old", Requests.prompt(1, 4), SamplingParams.GREEDY, 30));
            submit(engine, Requests.of("young", Requests.prompt(2, 40), SamplingParams.GREEDY, 2));
            run(engine);

            assertThat(new RuledEngine.Answer(eventsOf("young")).reason())
                    .isEqualTo(FinishReason.RECOVER_STOP);
            assertThat(ids("young")).isEmpty();
            StatsSnapshot stats = engine.stats().snapshot();
            assertThat(stats.endToEnd().sum()).isNotNegative();
            assertThat(stats.inferenceTime().sum()).isNotNegative();
            assertThat(stats.queueTime().sum()).isNotNegative();
        }
    }

    @Test
    void aCancelFreesTheBlocksWithinOneStep() {
        try (Engine engine = engine(ROOMY)) {
            submit(engine, Requests.of("a", Requests.prompt(1, 50), SamplingParams.GREEDY, 100));
            engine.step();
            assertThat(engine.stats().snapshot().blocksFree()).isLessThan(1024);

            engine.cancel("a");
            engine.step();

            assertThat(engine.stats().snapshot().blocksFree()).isEqualTo(1024);
            assertThat(engine.stats().snapshot().cancellations()).isEqualTo(1);
            assertThat(engine.hasWork()).isFalse();
        }
    }

    @Test
    void aWaitingRequestCanBeCancelled() {
        try (Engine engine = engine(config(64, 1, 100, 10, 4))) {
            submit(engine, Requests.of("a", Requests.prompt(1, 5), SamplingParams.GREEDY, 20));
            submit(engine, Requests.of("b", Requests.prompt(2, 5), SamplingParams.GREEDY, 20));
            engine.step();

            engine.cancel("b");
            run(engine);

            assertThat(eventsOf("a").getLast()).isInstanceOf(GenerationEvent.Finished.class);
            assertThat(eventsOf("b")).hasSize(1);
        }
    }

    @Test
    void refusesOneMoreThanMayWait() {
        try (Engine engine = engine(config(64, 1, 100, 2, 4))) {
            for (String id : List.of("a", "b", "c")) {
                submit(engine, Requests.of(id, new int[] {1}, SamplingParams.GREEDY, 2));
            }
            GenerationRequest oneMore = Requests.of("d", new int[] {1}, SamplingParams.GREEDY, 2);

            assertThatThrownBy(() -> engine.submit(oneMore, _ -> {}))
                    .isInstanceOf(ApiException.Overloaded.class);
            run(engine);
            submit(engine, oneMore);
            run(engine);
            assertThat(eventsOf("d").getLast()).isInstanceOf(GenerationEvent.Finished.class);
        }
    }

    @Test
    void refusesWhatCanNeverFitIntoThePool() {
        try (Engine engine = engine(config(64, 2, 4, 2, 4))) {
            GenerationRequest tooLong =
                    Requests.of("a", Requests.prompt(1, 10), SamplingParams.GREEDY, 8);

            assertThatThrownBy(() -> engine.submit(tooLong, _ -> {}))
                    .isInstanceOfSatisfying(
                            ApiException.InvalidRequest.class,
                            e -> assertThat(e.code()).isEqualTo("context_length_exceeded"));
            submit(engine, Requests.of("b", Requests.prompt(1, 10), SamplingParams.GREEDY, 7));
            run(engine);
            assertThat(ids("b")).hasSize(7);
        }
    }

    @Test
    void endsAtTheEndOfTheContext() {
        try (Engine engine = engine(ROOMY)) {
            submit(engine, Requests.of("a", Requests.prompt(1, 250), SamplingParams.GREEDY, 100));
            run(engine);
        }

        assertThat(ids("a")).hasSize(6);
        assertThat(eventsOf("a").getLast())
                .isEqualTo(new GenerationEvent.Finished("a", FinishReason.LENGTH, 250, 6, 0));
    }

    @Test
    void refusesAfterItWasClosedAndEndsWhatWasLeft() {
        Engine engine = engine(ROOMY);
        submit(engine, Requests.of("a", Requests.prompt(1, 5), SamplingParams.GREEDY, 100));
        engine.step();

        engine.close();
        engine.close();

        assertThat(eventsOf("a").getLast())
                .isInstanceOfSatisfying(
                        GenerationEvent.Failed.class,
                        e -> assertThat(e.cause()).isInstanceOf(ApiException.Draining.class));
        GenerationRequest late = Requests.of("b", new int[] {1}, SamplingParams.GREEDY, 1);
        assertThatThrownBy(() -> engine.submit(late, _ -> {}))
                .isInstanceOf(ApiException.Draining.class);
    }
}
