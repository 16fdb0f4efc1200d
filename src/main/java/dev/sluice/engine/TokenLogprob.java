package dev.sluice.engine;

/// How likely a token was.
///
/// @param tokenId the token
/// @param logprob natural logarithm of its probability, or its logit, as [LogprobsMode] says;
///   always finite: -9999 stands for less
/// @param rank how many tokens are at least as likely, itself included; at least 1
public record TokenLogprob(int tokenId, float logprob, int rank) {}
