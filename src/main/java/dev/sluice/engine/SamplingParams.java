package dev.sluice.engine;

import java.util.Objects;
import java.util.OptionalInt;

/// How the next token is drawn, every default resolved.
///
/// A request is greedy when the temperature or top-p is below 1e-5 or top-k is 1.
///
/// @param temperature divides the logits; 0 or more
/// @param topP nucleus mass in `[0, 1]`
/// @param topK most likely tokens that stay; empty for all
/// @param minP least probability, relative to the most likely token, in `[0, 1]`
/// @param seed of the counter-based random numbers of this sequence
/// @param penalties for tokens that were there before
public record SamplingParams(
        float temperature,
        float topP,
        OptionalInt topK,
        float minP,
        long seed,
        Penalties penalties) {
    private static final float GREEDY_BELOW = 1e-5f;

    /// Greedy decoding.
    public static final SamplingParams GREEDY =
            new SamplingParams(0f, 1f, OptionalInt.empty(), 0f, 0L);

    public SamplingParams {
        Objects.requireNonNull(topK, "topK");
        Objects.requireNonNull(penalties, "penalties");
    }

    /// Sampling without penalties.
    public SamplingParams(float temperature, float topP, OptionalInt topK, float minP, long seed) {
        this(temperature, topP, topK, minP, seed, Penalties.NONE);
    }

    /// What the logits are divided by: the temperature, or 1 where it is below 1e-5.
    public float effectiveTemperature() {
        return temperature < GREEDY_BELOW ? 1 : temperature;
    }

    /// Whether the most likely token is always taken.
    public boolean isGreedy() {
        return temperature < GREEDY_BELOW
                || topP < GREEDY_BELOW
                || (topK.isPresent() && topK.getAsInt() == 1);
    }
}
