package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/// Guessing tokens ahead changes how long text takes, and nothing else.
class EngineSpeculationTest extends RuledEngine {
    private Optional<Speculation> speculation = Optional.empty();

    /// While nothing is known of costs, all guesses are made.
    @Override
    LongSupplier clock() {
        return () -> 0;
    }

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return speculation.map(asked::with).orElse(asked);
    }

    static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    private static GenerationRequest[] requests(SplittableRandom random) {
        GenerationRequest[] requests = new GenerationRequest[random.nextInt(1, 12)];
        for (int i = 0; i < requests.length; i++) {
            SamplingParams sampling =
                    random.nextBoolean()
                            ? SamplingParams.GREEDY
                            : new SamplingParams(
                                    random.nextFloat(0.2f, 2),
                                    0.95f,
                                    OptionalInt.of(50),
                                    0.01f,
                                    random.nextLong());
            requests[i] =
                    Requests.of(
                            "r" + i,
                            Requests.prompt(random.nextLong(), random.nextInt(1, 60)),
                            sampling,
                            random.nextInt(1, 60));
        }
        return requests;
    }

    private static void assertSame(Map<String, Answer> actual, Map<String, Answer> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        actual.forEach((id, answer) -> {
            assertThat(answer.ids()).as(id).isEqualTo(of(expected, id).ids());
            assertThat(answer.text()).as(id).isEqualTo(of(expected, id).text());
            assertThat(answer.logprobs()).as(id).isEqualTo(of(expected, id).logprobs());
            assertThat(answer.reason()).as(id).isEqualTo(of(expected, id).reason());
        });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void answersAreTheSameWithADraftModel(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GenerationRequest[] requests = requests(random);
        EngineConfig config =
                config(random.nextInt(8, 64), random.nextInt(1, 8), random.nextInt(64, 120));
        Map<String, Answer> expected = run(config, List.of(), requests);

        speculation = Optional.of(Guesses.mostlyRight(random.nextInt(1, 17)));
        Map<String, Answer> actual = run(config, List.of(), requests);

        assertSame(actual, expected);
        assertThat(drafts.numDrafted()).isPositive();
    }

    /// The model repeats itself with a period, but for some places.
    @ParameterizedTest
    @MethodSource("seeds")
    void answersAreTheSameWhereTokensAreLookedUp(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int period = random.nextInt(1, 9);
        model.saying(ids ->
                ids.length % 13 == 0 || ids.length <= period
                        ? (ids.length * 7) % 256
                        : ids[ids.length - period]);
        GenerationRequest[] requests = requests(random);
        EngineConfig config =
                config(random.nextInt(8, 64), random.nextInt(1, 8), random.nextInt(64, 120));
        Map<String, Answer> expected = run(config, List.of(), requests);

        speculation = Optional.of(Speculation.ngram(random.nextInt(1, 17)));
        Map<String, Answer> actual = run(config, List.of(), requests);

        assertSame(actual, expected);
        assertThat(drafts.numDrafted()).isPositive();
    }

    @Test
    void aTextThatRepeatsItselfTakesFewSteps() {
        model.saying(ids -> ids[Math.max(0, ids.length - 6)]);
        GenerationRequest request =
                Requests.of("a", new int[] {1, 2, 3, 4, 5, 6}, SamplingParams.GREEDY, 120);
        speculation = Optional.of(Speculation.ngram(8));

        Answer answer = alone(request);

        assertThat(answer.ids()).hasSize(120).startsWith(1, 2, 3, 4, 5, 6, 1);
        assertThat(model.numForwards()).isLessThan(40);
    }

    @Test
    void everySequenceHasItsOwnGuesses() {
        int[] mostRows = new int[1];
        model.saying(ids -> ids[0] == 1 ? ids[Math.max(0, ids.length - 3)] : ids.length % 251);
        model.beforeForward(batch -> mostRows[0] = Math.max(mostRows[0], batch.numLogitRows()));
        speculation = Optional.of(Speculation.ngram(4));

        Map<String, Answer> answers =
                run(
                        roomy(),
                        List.of(),
                        Requests.of("again", new int[] {1, 2, 3}, SamplingParams.GREEDY, 60),
                        Requests.of("never", new int[] {9, 8, 7}, SamplingParams.GREEDY, 60));

        assertThat(of(answers, "again").ids()).hasSize(60);
        assertThat(of(answers, "never").ids()).hasSize(60).doesNotHaveDuplicates();
        assertThat(mostRows[0]).isEqualTo(2 + 4);
        assertThat(model.numForwards()).isLessThanOrEqualTo(62);
    }

    @Test
    void noSequenceLosesItsBlocksToGuesses() {
        model.saying(ids -> ids[Math.max(0, ids.length - 2)]);
        GenerationRequest[] requests = new GenerationRequest[3];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = Requests.of("r" + i, new int[] {1, 2}, SamplingParams.GREEDY, 30);
        }
        // Exactly what the sequences themselves need at their ends.
        EngineConfig tight = config(64, 3, 3 * 8, false);
        speculation = Optional.of(Speculation.ngram(16));

        Map<String, Answer> answers = run(tight, List.of(), requests);

        answers.values()
                .forEach(answer -> {
                    assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
                    assertThat(answer.ids()).hasSize(30);
                });
    }

    @Test
    void theContextIsNotExceeded() {
        model.saying(ids -> ids[Math.max(0, ids.length - 2)]);
        speculation = Optional.of(Speculation.ngram(16));

        Answer answer = alone(Requests.of("a", new int[] {1, 2}, SamplingParams.GREEDY, 1000));

        assertThat(answer.ids()).hasSize(254);
        assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
    }

    private List<GenerationEvent.Delta> toldOfGuesses(
            SamplingParams sampling, boolean inNucleus, int maxTokens) {
        int[] prompt = {1, 2, 3, 1, 2};
        model.saying(ids -> ids.length % 7 == 0 ? 9 : ids[ids.length - 3]);
        speculation = Optional.of(Speculation.ngram(4));
        LogprobsOptions options =
                new LogprobsOptions(OptionalInt.of(2), false, inNucleus, OptionalInt.empty(), true);
        List<GenerationEvent.Delta> deltas = new ArrayList<>();
        try (Engine engine = engine(roomy(), EngineFeatures.NONE)) {
            engine.submit(
                    new GenerationRequest(
                            "a",
                            TokenIds.of(prompt),
                            sampling,
                            LogitsRules.NONE,
                            endless(maxTokens),
                            new OutputOptions(true, false, Set.of(), options)),
                    event -> {
                        if (event instanceof GenerationEvent.Delta delta) {
                            deltas.add(delta);
                        } else if (event instanceof GenerationEvent.Finished finished) {
                            drafts = finished.drafts();
                        }
                    });
            while (engine.step()) {
                engine.checkIntegrity();
            }
        }
        return deltas;
    }

    /// The log probabilities of guesses are those of the model at their places: of a guess that
    /// came true, what is told of the token itself.
    @Test
    void guessesThatWereComparedAreTold() {
        List<GenerationEvent.Delta> deltas = toldOfGuesses(SamplingParams.GREEDY, false, 40);

        long told = deltas.stream().filter(delta -> !delta.draftLogprobs().isEmpty()).count();
        long right =
                deltas.stream()
                        .filter(delta -> !delta.draftLogprobs().isEmpty())
                        .filter(delta -> delta.draftLogprobs().equals(delta.logprobs()))
                        .count();
        assertThat(deltas).hasSize(40);
        assertThat(right).isEqualTo(drafts.numAccepted()).isPositive();
        assertThat(told).isGreaterThan(right).isLessThanOrEqualTo(drafts.numDrafted());
        deltas.stream()
                .flatMap(delta -> delta.draftLogprobs().stream())
                .forEach(position -> assertThat(position.top()).hasSize(2));
    }

    /// A nucleus of one token is that which was drawn, not that which was guessed.
    @Test
    void aGuessThatWasNotDrawnIsOutsideTheSmallestNucleus() {
        SamplingParams smallest = new SamplingParams(1, 0, OptionalInt.empty(), 0, 3);

        List<GenerationEvent.Delta> deltas = toldOfGuesses(smallest, true, 40);

        assertThat(drafts.numAccepted()).isPositive().isLessThan(drafts.numDrafted());
        for (GenerationEvent.Delta delta : deltas) {
            for (TokenLogprobs guess : delta.draftLogprobs()) {
                TokenLogprob drawn = delta.logprobs().getFirst().chosen();
                boolean right = guess.chosen().tokenId() == drawn.tokenId();
                assertThat(drawn.logprob()).isZero();
                assertThat(guess.chosen().logprob()).isEqualTo(right ? 0 : LogprobsMeter.LEAST);
            }
        }
    }
}
