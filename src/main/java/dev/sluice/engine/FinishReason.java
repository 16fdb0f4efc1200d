package dev.sluice.engine;

/// Why a sequence ended by itself.
public enum FinishReason {
    /// End of sequence, a stop string or a stop id.
    STOP,
    /// The token limit or the end of the context.
    LENGTH,
    /// No KV block was free, and computing the sequence again is turned off: the text is
    /// incomplete.
    RECOVER_STOP
}
