package dev.sluice.engine;

/// What makes tokens that were there before less likely.
///
/// Finite values beyond what decides anything are taken for the largest that do, [#MOST] and
/// [#MOST_TIMES]: what they make of a logit, together and divided by the least temperature, is
/// finite, so that there are probabilities.
///
/// @param repetition divides positive and multiplies negative logits of ids in prompt or output;
///   above 0, neutral at 1
/// @param frequency subtracted once for each time an id is in the output; neutral at 0
/// @param presence subtracted once if an id is in the output; neutral at 0
public record Penalties(float repetition, float frequency, float presence) {
    /// The most that is added to a logit or subtracted from it. Less than what forbids an id.
    public static final float MOST = 1e9f;

    /// The most that a logit is multiplied with or divided by.
    public static final float MOST_TIMES = 1e8f;

    /// No penalties.
    public static final Penalties NONE = new Penalties(1f, 0f, 0f);

    public Penalties {
        if (repetition > 0 && Float.isFinite(repetition)) {
            repetition = Math.clamp(repetition, 1 / MOST_TIMES, MOST_TIMES);
        }
        frequency = bounded(frequency);
        presence = bounded(presence);
    }

    /// What is added to a logit in place of a number; what is not finite stays.
    static float bounded(float number) {
        return Float.isFinite(number) ? Math.clamp(number, -MOST, MOST) : number;
    }
}
