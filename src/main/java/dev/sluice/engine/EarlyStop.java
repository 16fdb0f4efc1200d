package dev.sluice.engine;

/// Ends a sequence that is sure of itself for long, which a model that repeats itself is: once each
/// of its last `windowSize` tokens had a probability above `threshold` among those that could be
/// drawn.
///
/// @param windowSize tokens, 1 or more
/// @param threshold in `[0, 1]`
public record EarlyStop(int windowSize, double threshold) {
    /// What is used where nobody says anything else.
    public static final EarlyStop DEFAULT = new EarlyStop(3000, 0.99);

    public EarlyStop {
        if (windowSize < 1 || !(threshold >= 0 && threshold <= 1)) {
            throw new IllegalArgumentException(
                    "window of %d, threshold %s".formatted(windowSize, threshold));
        }
    }
}
