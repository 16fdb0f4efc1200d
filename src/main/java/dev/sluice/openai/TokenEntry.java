package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;

import java.util.Optional;

/// One token in a list of log probabilities.
///
/// @param tokenId the token
/// @param logprobs of its position; empty for the first token of an echoed prompt
/// @param textOffset where its text begins in the text of the choice, in characters (code points)
record TokenEntry(int tokenId, Optional<TokenLogprobs> logprobs, int textOffset) {}
