package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

/// One sequence to generate: values only, every default resolved. A client that wants several
/// choices or prompts submits several.
///
/// @param id unique among the requests in flight; never parsed
/// @param prompt at least one token
/// @param sampling how tokens are drawn
/// @param stop when the sequence ends
/// @param skipSpecialTokens leave special tokens out of the text
public record GenerationRequest(
        String id,
        TokenIds prompt,
        SamplingParams sampling,
        StopConditions stop,
        boolean skipSpecialTokens) {}
