package dev.sluice.engine;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/// Changes the logits of sequences before their tokens are drawn. Users may implement it and
/// register the class by name ([LogitsProcessors#load]).
///
/// One instance serves all sequences. But for [#checkArgs], it is called on the engine thread, so
/// that it must not block; an exception ends the sequence that it was called for, no other. A
/// sequence may be computed again from its beginning, so what a processor does should be a function
/// of the ids that [SequenceState] shows.
///
/// Processors run in the order in which they were registered, after the request's `logit_bias` and
/// before all penalties.
public interface LogitsProcessor {

    /// Looks at the arguments of a request before it is accepted. Any thread; several at once.
    ///
    /// @param args `logits_processors_args`; keys of other processors are to be ignored
    /// @param vocabSize ids are below it
    /// @throws IllegalArgumentException if they can't be used; the message is for the client
    default void checkArgs(Map<String, Object> args, int vocabSize) {}

    /// Called before the draws of a step; where tokens are guessed ahead, again before those draws
    /// that the right guesses of the step allow. An exception ends those of the sequences that this
    /// processor applies to.
    ///
    /// @param active the sequences that draw next; valid during the call only
    default void updateState(List<? extends SequenceState> active) {}

    /// Whether [#apply] is wanted for a sequence; asked in each step. A sequence that no processor
    /// wants costs nothing.
    boolean appliesTo(SequenceState sequence);

    /// Changes one row of logits in place.
    ///
    /// @param logits float32, one for each id of the tokenizer's vocabulary, native byte order;
    ///   valid during the call only. Negative infinity forbids a token; NaN counts as forbidden
    void apply(SequenceState sequence, MemorySegment logits);
}
