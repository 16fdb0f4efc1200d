package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/// What a draft model finds in its cache is the text so far, whatever was guessed, shared,
/// preempted and computed anew before.
class EngineSpeculationCacheTest extends RuledEngine {
    private static final int GUESSES = 4;

    private final List<int[]> texts = new ArrayList<>();
    private Optional<Speculation> speculation = Optional.empty();
    private int longestError;
    private int numAsked;

    @Override
    LongSupplier clock() {
        return () -> 0;
    }

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return speculation.map(asked::with).orElse(asked);
    }

    static LongStream seeds() {
        return LongStream.range(0, 30);
    }

    /// Groups of prompts begin alike, by more than a block or two.
    private static GenerationRequest[] requests(SplittableRandom random) {
        GenerationRequest[] requests = new GenerationRequest[random.nextInt(4, 16)];
        for (int i = 0; i < requests.length; i++) {
            int[] prompt = Requests.prompt(i % 3, random.nextInt(10, 40));
            requests[i] =
                    Requests.of("r" + i, prompt, SamplingParams.GREEDY, random.nextInt(10, 60));
        }
        return requests;
    }

    /// Guesses mostly right and notes how much of its history belongs to no text.
    private int guess(int[] ids) {
        numAsked++;
        int same = texts.stream().mapToInt(text -> sameAtStart(text, ids)).max().orElse(0);
        longestError = Math.max(longestError, ids.length - same);
        int best = Guesses.largest(model.logits(ids, ids.length));
        return ids.length % 5 == 0 ? (best + 1) % 256 : best;
    }

    private static int sameAtStart(int[] text, int[] ids) {
        int different = Arrays.mismatch(text, ids);
        return different < 0 ? ids.length : different;
    }

    private void note(GenerationRequest[] requests, Map<String, Answer> answers) {
        for (GenerationRequest request : requests) {
            TokenIds prompt = request.prompt();
            List<Integer> output = of(answers, request.id()).ids();
            int[] text = Arrays.copyOf(prompt.toArray(), prompt.size() + output.size());
            for (int i = 0; i < output.size(); i++) {
                text[prompt.size() + i] = output.get(i);
            }
            texts.add(text);
        }
    }

    private static long cached(Map<String, Answer> answers) {
        return answers.values().stream()
                .mapToLong(answer -> ((GenerationEvent.Finished) answer.end()).cachedTokens())
                .sum();
    }

    /// The error is in the guesses of the step alone: one fewer than are made is read.
    @ParameterizedTest
    @MethodSource("seeds")
    void theDraftModelReadsTheTextSoFar(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GenerationRequest[] requests = requests(random);
        EngineConfig config =
                config(random.nextInt(8, 64), random.nextInt(2, 8), random.nextInt(64, 120));
        Map<String, Answer> plain = run(config.withPrefixCaching(false), List.of(), requests);
        note(requests, plain);
        HistoryModel draft = new HistoryModel(ByteTokenizer.SIZE).saying(this::guess);

        speculation = Optional.of(new Speculation(GUESSES, Optional.of(draft)));
        Map<String, Answer> guessed = run(config, List.of(), requests);

        guessed.forEach(
                (id, answer) -> assertThat(answer.ids()).as(id).isEqualTo(of(plain, id).ids()));
        assertThat(numAsked).isPositive();
        assertThat(drafts.numAccepted()).isPositive().isLessThan(drafts.numDrafted());
        assertThat(longestError).isLessThan(GUESSES);
        assertThat(cached(plain)).isZero();
        assertThat(cached(guessed)).isPositive();
    }
}
