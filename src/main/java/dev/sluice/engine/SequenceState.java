package dev.sluice.engine;

import java.util.Map;

/// What a [LogitsProcessor] may know of a sequence. Valid on the engine thread, during a call.
public interface SequenceState {

    /// The request's id.
    String requestId();

    /// The request's arguments for processors, `logits_processors_args`. Unmodifiable; values as
    /// JSON has them, null included.
    Map<String, Object> args();

    /// Tokens of the prompt.
    int numPromptTokens();

    /// Tokens generated so far.
    int numOutputTokens();

    /// Id at an index over prompt and output.
    ///
    /// @throws IndexOutOfBoundsException if there is none
    int token(int index);
}
