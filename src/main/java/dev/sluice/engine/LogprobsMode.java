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
    PROCESSED_LOGITS
}
