package dev.sluice.compute;

/// What is told of the tokens of a row beside the drawn one.
///
/// @param top how many of the most likely tokens are told, `0` to [SamplingBatch#MAX_TOP]
/// @param raw the logits are read as the model gave them, but for the bitmask; if false, as the
///   token is drawn from them: after everything but min-p, top-k and top-p
/// @param logits the logits themselves are told instead of log probabilities
/// @param temperature divides the logits that are read; 1 for those that are not raw, which are
///   divided already
/// @param topP below 1: probabilities are those within the nucleus, which is the drawn token alone
///   below 1e-5
public record ReportSpec(int top, boolean raw, boolean logits, float temperature, float topP) {}
