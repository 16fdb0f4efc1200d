package dev.sluice.engine;

/// What is reported as the log probability of a token.
public enum LogprobsMode {
    /// Log-softmax of the logits after the grammar mask, before anything else.
    RAW_LOGPROBS,
    /// Log-softmax of the logits that the token is drawn from, before min-p, top-k and top-p.
    PROCESSED_LOGPROBS,
    /// The logits themselves, where [#RAW_LOGPROBS] takes them.
    RAW_LOGITS,
    /// The logits themselves, where [#PROCESSED_LOGPROBS] takes them.
    PROCESSED_LOGITS;

    /// Whether the values are those before anything but the grammar mask.
    boolean isRaw() {
        return this == RAW_LOGPROBS || this == RAW_LOGITS;
    }

    /// Whether logits are reported.
    boolean isLogits() {
        return this == RAW_LOGITS || this == PROCESSED_LOGITS;
    }
}
