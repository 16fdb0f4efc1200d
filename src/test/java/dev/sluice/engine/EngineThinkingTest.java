package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// The budget of thinking in a running engine.
class EngineThinkingTest extends RuledEngine {
    private static LogitsRules thinking(int budget, boolean started) {
        return thinking(OptionalInt.of(budget), OptionalInt.empty(), started);
    }

    private static LogitsRules thinking(OptionalInt budget, OptionalInt answer, boolean started) {
        return new LogitsRules(
                List.of(),
                Map.of(),
                Map.of(),
                Optional.of(
                        new ThinkingBudget(
                                budget,
                                answer,
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
    void theAnswersLimitCountsFromTheEndOfTheThinking() {
        model.saying(ids -> "mmmm</aaaaaaaa".charAt(ids.length - 12));
        LogitsRules rules = thinking(OptionalInt.empty(), OptionalInt.of(3), true);

        Answer answer = alone(request("a", rules, endless(14), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("mmmm</aaa");
        assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void theAnswersLimitCountsNothingBeforeTheThinking() {
        model.saying(ids -> "m<tmm</aaaaaaa".charAt(ids.length - 12));
        LogitsRules rules = thinking(OptionalInt.empty(), OptionalInt.of(3), false);

        Answer answer = alone(request("a", rules, endless(14), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("m<tmm</aaa");
        assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void theAnswersLimitFollowsAThinkingThatWasCutShort() {
        model.saying(_ -> 'm');
        LogitsRules rules = thinking(OptionalInt.of(2), OptionalInt.of(3), true);

        Answer answer = alone(request("a", rules, endless(14), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("mm\n</mmm");
        assertThat(answer.reason()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void theAnswersLimitHoldsWhereNothingIsThought() {
        model.saying(_ -> 'm');
        LogitsRules rules = thinking(OptionalInt.empty(), OptionalInt.of(3), false);

        Answer answer = alone(request("a", rules, endless(14), OutputOptions.TEXT));

        assertThat(answer.text()).isEqualTo("mmm");
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
}
