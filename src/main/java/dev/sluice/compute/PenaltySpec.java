package dev.sluice.compute;

/// What makes tokens that were there before less likely.
///
/// @param repetition divides positive and multiplies negative logits of ids in prompt or output;
///   above 0, neutral at 1
/// @param frequency subtracted once for each time an id is in the output; neutral at 0
/// @param presence subtracted once if an id is in the output; neutral at 0
public record PenaltySpec(float repetition, float frequency, float presence) {
    /// No penalties.
    public static final PenaltySpec NONE = new PenaltySpec(1, 0, 0);
}
