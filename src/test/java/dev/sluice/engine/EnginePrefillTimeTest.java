package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/// An engine whose clock moves by what a forward pass would take: 10 ms, and for each token 0.2 ms
/// and 0.2 microseconds for each one before it.
class EnginePrefillTimeTest {
    private static final long MILLISECOND = 1_000_000;
    private static final Duration LIMIT = Duration.ofMillis(30);

    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final MemoryDevice device = new MemoryDevice();
    private final Map<String, List<Integer>> ids = new LinkedHashMap<>();
    private final List<Long> steps = new ArrayList<>();
    private final List<Integer> sizes = new ArrayList<>();
    private long clock;

    @AfterEach
    void allMemoryIsGivenBack() {
        assertThat(device.numAllocated()).isZero();
    }

    private void pass(ForwardBatch batch) {
        long nanos = 10 * MILLISECOND;
        for (int i = 0; i < batch.numTokens(); i++) {
            nanos += MILLISECOND / 5 + 200L * batch.positions().getAtIndex(ValueLayout.JAVA_INT, i);
        }
        steps.add(nanos);
        sizes.add(batch.numTokens());
        clock += nanos;
    }

    private Engine engine(EngineConfig config) {
        model.beforeForward(this::pass);
        return new Engine(config, model, new ByteTokenizer(), device, () -> clock);
    }

    private static EngineConfig config(int batchedTokens) {
        return new EngineConfig(
                4096, 12, batchedTokens, 16, 2000, DType.F32, 50, Set.of(ByteTokenizer.EOS));
    }

    private void submit(Engine engine, String id, int promptLength, int maxTokens) {
        List<Integer> own = new ArrayList<>();
        ids.put(id, own);
        int[] prompt = Requests.prompt(id.hashCode(), promptLength);
        engine.submit(
                Requests.of(id, prompt, SamplingParams.GREEDY, maxTokens),
                event -> {
                    if (event instanceof GenerationEvent.Delta delta) {
                        Arrays.stream(delta.tokenIds().toArray()).forEach(own::add);
                    }
                });
    }

    private List<Integer> idsOf(String id) {
        return ids.getOrDefault(id, List.of());
    }

    @Test
    void aLongPromptLetsStreamsWaitNoLongerThanTheLimit() {
        try (Engine engine = engine(config(512).withPrefillTime(LIMIT))) {
            for (int i = 0; i < 8; i++) {
                submit(engine, "stream" + i, 20, 500);
            }
            for (int i = 0; i < 20; i++) {
                engine.step();
            }
            long quiet = steps.getLast();
            submit(engine, "long", 2000, 5);
            while (idsOf("long").isEmpty()) {
                steps.clear();
                sizes.clear();
                engine.step();
                assertThat(steps.getLast())
                        .as("%s tokens", sizes)
                        .isLessThan(quiet + 40 * MILLISECOND);
                assertThat(sizes.getLast()).isGreaterThan(8);
            }
        }
    }

    @Test
    void manyPromptsBringATimeEach() {
        try (Engine engine = engine(config(512).withPrefillTime(LIMIT))) {
            submit(engine, "stream", 20, 500);
            submit(engine, "first", 300, 500);
            while (idsOf("first").isEmpty()) {
                engine.step();
            }
            for (int i = 0; i < 5; i++) {
                engine.step();
            }
            sizes.clear();
            for (int i = 0; i < 10; i++) {
                submit(engine, "prompt" + i, 100, 5);
            }
            engine.step();
        }

        // Two streams, and the budget of the step.
        assertThat(sizes).containsExactly(512);
    }

    @Test
    void aPromptAloneHasNoLimit() {
        try (Engine engine = engine(config(512).withPrefillTime(LIMIT))) {
            submit(engine, "long", 2000, 2);
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }

        assertThat(sizes).containsExactly(512, 512, 512, 464, 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void outputDoesNotDependOnTheTime(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try (Engine engine =
                engine(config(256).withPrefillTime(Duration.ofMillis(random.nextInt(40))))) {
            for (int i = 0; i < 20; i++) {
                submit(engine, "r" + i, random.nextInt(1, 300), random.nextInt(1, 40));
                for (int steps = random.nextInt(6); steps > 0; steps--) {
                    engine.step();
                }
            }
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }
        Map<String, List<Integer>> limited = new LinkedHashMap<>(ids);

        SplittableRandom again = new SplittableRandom(seed);
        again.nextInt(40);
        for (int i = 0; i < 20; i++) {
            try (Engine engine = engine(config(4096).withPrefixCaching(false))) {
                submit(engine, "r" + i, again.nextInt(1, 300), again.nextInt(1, 40));
                while (engine.step()) {
                    engine.checkIntegrity();
                }
            }
            again.nextInt(6);
        }

        assertThat(limited).isEqualTo(ids);
    }
}
