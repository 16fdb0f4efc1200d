package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.OptionalInt;

/// Follows the thinking of one sequence and says what must come once its budget is spent, and when
/// the answer is as long as it may be. A function of the output's ids, and of which of them a
/// grammar read.
final class ThinkingTracker {
    private enum Phase {
        BEFORE,
        THINKING,
        FORCING,
        OVER
    }

    private final ThinkingBudget budget;
    private final int numPrompt;
    private Phase phase;
    private int began;
    private int numForced;
    private int numAnswer;

    ThinkingTracker(ThinkingBudget budget, int numPrompt) {
        this.budget = budget;
        this.numPrompt = numPrompt;
        this.phase = budget.started() ? Phase.THINKING : Phase.BEFORE;
        this.began = numPrompt;
    }

    /// Looks at one more id.
    ///
    /// @param tokens prompt and output; the last of the `length` valid ones is new
    void accept(int[] tokens, int length) {
        switch (phase) {
            case BEFORE -> {
                numAnswer++;
                if (endsWith(tokens, numPrompt, length, budget.start())) {
                    phase = Phase.THINKING;
                    began = length;
                    numAnswer = 0;
                }
            }
            case THINKING -> {
                if (endsWith(tokens, began, length, budget.end())) {
                    phase = Phase.OVER;
                } else if (length - began >= budget.maxTokens().orElse(Integer.MAX_VALUE)) {
                    phase = Phase.FORCING;
                }
            }
            case FORCING -> {
                numForced++;
                if (numForced == budget.forced().size()) {
                    phase = Phase.OVER;
                }
            }
            case OVER -> numAnswer++;
        }
    }

    /// Looks at one more id that a grammar reads: no thinking can come any more, and nothing may be
    /// put between.
    void acceptAnswer() {
        phase = Phase.OVER;
        numAnswer++;
    }

    /// Whether the answer has as many tokens as it may have.
    boolean isAnswerFull() {
        return phase != Phase.THINKING
                && phase != Phase.FORCING
                && numAnswer >= budget.maxAnswerTokens().orElse(Integer.MAX_VALUE);
    }

    /// What comes next whatever the logits say, if anything must.
    OptionalInt forced() {
        return phase == Phase.FORCING
                ? OptionalInt.of(budget.forced().get(numForced))
                : OptionalInt.empty();
    }

    private static boolean endsWith(int[] tokens, int from, int to, TokenIds marker) {
        int start = to - marker.size();
        if (start < from || marker.size() == 0) {
            return false;
        }
        for (int i = 0; i < marker.size(); i++) {
            if (tokens[start + i] != marker.get(i)) {
                return false;
            }
        }
        return true;
    }
}
