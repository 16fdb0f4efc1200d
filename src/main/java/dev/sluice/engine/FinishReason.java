package dev.sluice.engine;

/// Why a sequence ended by itself.
public enum FinishReason {
    /// End of sequence, a stop string or a stop id.
    STOP,
    /// The token limit or the end of the context.
    LENGTH
}
