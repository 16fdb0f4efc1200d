package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/// Grammars hold token by token where several are guessed ahead.
class EngineSpeculationGuidanceTest extends EngineGuidanceTest {
    private boolean speculates = true;

    /// While nothing is known of costs, all guesses are made.
    @Override
    LongSupplier clock() {
        return () -> 0;
    }

    @Override
    EngineFeatures features(EngineFeatures asked) {
        return speculates ? asked.with(new Speculation(6, Optional.of(writer()))) : asked;
    }

    /// Guesses texts of the pattern, and sometimes what can't follow.
    private static HistoryModel writer() {
        return new HistoryModel(ByteTokenizer.SIZE).saying(EngineSpeculationGuidanceTest::written);
    }

    private static int written(int[] ids) {
        int last = ids[ids.length - 1];
        return switch (last) {
            case 'a' -> 'b';
            case 'c' -> 'd';
            case 'b', 'd', 'e' -> ids.length % 4 == 0 ? 'c' : '7';
            default -> ids.length % 7 == 0 ? '!' : '0' + ids.length % 10;
        };
    }

    /// Text that is guessed within its grammar takes few steps anyway.
    @Override
    void assertSaved(int quickSteps, int steps) {
        assertThat(quickSteps).isLessThan(20);
        assertThat(steps).isLessThan(20);
    }

    /// A draft model that knows nothing of the grammar guesses what is forced.
    @Test
    void theGrammarMasksWhatTheDraftModelGuesses() {
        jumps = false;
        GenerationRequest request =
                guided(
                        "j",
                        3,
                        regex("(the temperature|another quantity) of the water"),
                        StopConditions.maxTokens(60));

        Answer answer = of(admit(roomy(), List.of(request)), "j");

        assertThat(answer.text()).endsWith(" of the water");
        assertThat(drafts.numAccepted()).isGreaterThan(20).isEqualTo(drafts.numDrafted());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void answersAreTheSameAsWithoutGuesses(boolean jumpForward) {
        jumps = jumpForward;
        List<GenerationRequest> requests =
                IntStream.range(0, 24)
                        .mapToObj(seed ->
                                guided(
                                        "g" + seed,
                                        seed,
                                        regex(PATTERN),
                                        StopConditions.maxTokens(120)))
                        .toList();
        speculates = false;
        Map<String, Answer> expected = admit(config(64, 8, 200), requests);

        speculates = true;
        Map<String, Answer> actual = admit(config(64, 8, 200), requests);

        actual.forEach((id, answer) -> {
            assertThat(answer.ids()).as(id).isEqualTo(of(expected, id).ids());
            assertThat(answer.reason()).as(id).isEqualTo(of(expected, id).reason());
        });
        assertThat(drafts.accepted().get(1)).isPositive();
        assertThat(drafts.numAccepted()).isLessThan(drafts.numDrafted());
    }

    /// No mask is found in the midst of what is guessed for the first.
    @Test
    void aTextThatFailsBehindAGuessLeavesTheOthersWhatWasGuessedForThem() {
        model.saying(EngineSpeculationGuidanceTest::written);
        jumps = false;
        GenerationRequest hostile =
                guided(
                        "hostile",
                        0,
                        regex("x{12}" + "(a|b|ab)*".repeat(1_900)),
                        StopConditions.maxTokens(20));
        GenerationRequest second =
                Requests.of("second", Requests.prompt(1, 8), SamplingParams.GREEDY, 20);
        GenerationRequest third =
                Requests.of("third", Requests.prompt(2, 11), SamplingParams.GREEDY, 20);

        Map<String, Answer> together = admit(roomy(), List.of(hostile, second, third));

        assertThat(drafts.numAccepted()).isGreaterThan(20);
        assertThat(of(together, "hostile").end()).isInstanceOf(GenerationEvent.Failed.class);
        for (GenerationRequest other : List.of(second, third)) {
            assertThat(of(together, other.id()))
                    .isEqualTo(of(admit(roomy(), List.of(other)), other.id()));
        }
    }
}
