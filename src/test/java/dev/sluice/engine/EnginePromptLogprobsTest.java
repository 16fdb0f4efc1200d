package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Log probabilities of prompts in a running engine.
class EnginePromptLogprobsTest extends RuledEngine {
    private static OutputOptions scored(int top) {
        return new OutputOptions(
                true,
                false,
                Set.of(),
                new LogprobsOptions(OptionalInt.empty(), false, false, OptionalInt.of(top)));
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
}
