package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.OptionalInt;

class ThinkingTrackerTest {
    private static final ThinkingBudget BUDGET =
            new ThinkingBudget(
                    OptionalInt.of(2),
                    OptionalInt.empty(),
                    false,
                    TokenIds.of('<', 't'),
                    TokenIds.of('/'),
                    TokenIds.of('/'));

    @Test
    void aMarkerThatBeginsInThePromptIsNone() {
        int[] tokens = {'<', 't', 'm', 'm'};
        ThinkingTracker whole = new ThinkingTracker(BUDGET, 0);
        ThinkingTracker half = new ThinkingTracker(BUDGET, 1);

        for (int length = 1; length <= tokens.length; length++) {
            whole.accept(tokens, length);
            if (length > 1) {
                half.accept(tokens, length);
            }
        }

        assertThat(whole.forced()).hasValue('/');
        assertThat(half.forced()).isEmpty();
    }
}
