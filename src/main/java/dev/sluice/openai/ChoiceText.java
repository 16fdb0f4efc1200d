package dev.sluice.openai;

import dev.sluice.engine.FinishReason;

import java.util.Optional;

/// A piece of a choice, or a whole one.
///
/// @param index of the choice
/// @param text of the piece
/// @param arrivalNanos time since the inference of this choice began
/// @param reason why the choice ended, if it has
/// @param usage of the choice so far
public record ChoiceText(
        int index, String text, long arrivalNanos, Optional<FinishReason> reason, Usage usage) {}
