package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import org.junit.jupiter.api.AfterEach;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/// Runs an engine on a model whose logits are a hash of what it finds in the cache, for tests of
/// rules, log probabilities, processors and markers.
abstract class RuledEngine {
    final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    final MemoryDevice device = open();
    Tokenizer tokenizer = new ByteTokenizer();

    /// How guesses fared in the last run.
    DraftCounts drafts = DraftCounts.NONE;

    /// Guesses of all runs.
    long numGuesses;

    /// Time in nanoseconds.
    LongSupplier clock() {
        return System::nanoTime;
    }

    /// Makes the device; called before a subclass is initialised.
    MemoryDevice open() {
        return new MemoryDevice();
    }

    /// What the engine does beside what a test asks for.
    EngineFeatures features(EngineFeatures asked) {
        return asked;
    }

    @AfterEach
    void allMemoryIsGivenBack() {
        assertThat(device.numAllocated()).isZero();
    }

    static EngineConfig config(int batchedTokens, int maxNumSeqs, int numBlocks) {
        return config(batchedTokens, maxNumSeqs, numBlocks, true);
    }

    static EngineConfig config(
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

    static EngineConfig roomy() {
        return config(64, 8, 1024);
    }

    /// An engine that the caller closes.
    ///
    /// @param asked what a test asks for
    Engine engine(EngineConfig config, EngineFeatures asked) {
        return new Engine(config, model, tokenizer, device, features(asked), clock());
    }

    Map<String, Answer> run(
            EngineConfig config, List<LogitsProcessor> processors, GenerationRequest... requests) {
        Map<String, List<GenerationEvent>> events = new LinkedHashMap<>();
        try (Engine engine = engine(config, EngineFeatures.of(processors, Optional.empty()))) {
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
            drafts = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
            numGuesses += drafts.numDrafted();
        }
        Map<String, Answer> answers = new LinkedHashMap<>();
        events.forEach((id, list) -> {
            assertThat(list.stream().filter(GenerationEvent::isTerminal)).hasSize(1);
            answers.put(id, new Answer(list));
        });
        return answers;
    }

    static Answer of(Map<String, Answer> answers, String id) {
        return Objects.requireNonNull(answers.get(id), id);
    }

    Answer alone(GenerationRequest request, LogitsProcessor... processors) {
        return run(roomy(), List.of(processors), request).values().iterator().next();
    }

    static GenerationRequest request(
            String id, LogitsRules rules, StopConditions stop, OutputOptions output) {
        return new GenerationRequest(
                id,
                TokenIds.of(Requests.prompt(3, 12)),
                SamplingParams.GREEDY,
                rules,
                stop,
                output);
    }

    static StopConditions endless(int maxTokens) {
        return new StopConditions(maxTokens, List.of(), Set.of(), true, false);
    }

    /// What a request got, whatever way its events were cut.
    record Answer(
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
            this(text.toString(), ids, logprobs, prompt, markers, withoutDrafts(events.getLast()));
        }

        /// How many tokens are guessed depends on what else is in a step; what comes of it does
        /// not.
        private static GenerationEvent withoutDrafts(GenerationEvent end) {
            return end instanceof GenerationEvent.Finished done
                    ? new GenerationEvent.Finished(
                            done.requestId(),
                            done.reason(),
                            done.promptTokens(),
                            done.completionTokens(),
                            done.cachedTokens())
                    : end;
        }

        FinishReason reason() {
            assertThat(end).isInstanceOf(GenerationEvent.Finished.class);
            return ((GenerationEvent.Finished) end).reason();
        }
    }
}
