package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

/// One sequence to generate: values only, every default resolved. A client that wants several
/// choices or prompts submits several.
///
/// @param id unique among the requests in flight; never parsed
/// @param prompt at least one token
/// @param sampling how tokens are drawn
/// @param rules what changes the logits beside
/// @param stop when the sequence ends
/// @param output what is told of it
public record GenerationRequest(
        String id,
        TokenIds prompt,
        SamplingParams sampling,
        LogitsRules rules,
        StopConditions stop,
        OutputOptions output) {

    /// A request for text, without rules.
    public GenerationRequest(
            String id, TokenIds prompt, SamplingParams sampling, StopConditions stop) {
        this(id, prompt, sampling, LogitsRules.NONE, stop, OutputOptions.TEXT);
    }
}
