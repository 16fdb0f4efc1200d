package dev.sluice.engine;

import java.util.Objects;
import java.util.OptionalInt;

/// Which log probabilities a sequence reports.
///
/// @param top how many of the most likely tokens are reported beside the drawn one; empty for no
///   log probabilities at all
/// @param temperatureScaled the logits are divided by the temperature first
/// @param topPNormalized probabilities are those within the nucleus, where top-p is below 1
/// @param prompt the same as `top` for each token of the prompt; empty for none
/// @param drafts where `top` is present, the same is reported of each guessed token that was
///   compared with the one drawn in its place
public record LogprobsOptions(
        OptionalInt top,
        boolean temperatureScaled,
        boolean topPNormalized,
        OptionalInt prompt,
        boolean drafts) {
    /// No log probabilities.
    public static final LogprobsOptions NONE =
            new LogprobsOptions(OptionalInt.empty(), false, false, OptionalInt.empty());

    public LogprobsOptions {
        Objects.requireNonNull(top, "top");
        Objects.requireNonNull(prompt, "prompt");
    }

    /// Without guessed tokens.
    public LogprobsOptions(
            OptionalInt top,
            boolean temperatureScaled,
            boolean topPNormalized,
            OptionalInt prompt) {
        this(top, temperatureScaled, topPNormalized, prompt, false);
    }
}
