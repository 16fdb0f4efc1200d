package dev.sluice.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Changes the logits of sequences before their tokens are drawn. Users may implement it and
/// register the class by name.
///
/// One instance serves all sequences. Called on the engine thread, so that it must not block; an
/// exception ends the sequence that it was called for, no other.
public interface LogitsProcessor {

    /// Called before each draw with the sequences that draw in this step.
    ///
    /// @param active valid during the call only
    default void updateState(List<? extends SequenceState> active) {}

    /// Whether [#apply] is wanted for a sequence; asked in each step. A sequence that no processor
    /// wants costs nothing.
    boolean appliesTo(SequenceState sequence);

    /// Changes one row of logits in place.
    ///
    /// @param logits float32 `[vocabSize]`, valid during the call only; negative infinity forbids a
    ///   token
    void apply(SequenceState sequence, MemorySegment logits);
}
