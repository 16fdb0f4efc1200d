package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.Objects;
import java.util.Optional;

/// One sequence to generate: values only, every default resolved. A client that wants several
/// choices or prompts submits several. No component, here or in the records within, may be null.
///
/// @param id unique among the requests in flight; never parsed
/// @param prompt at least one token
/// @param sampling how tokens are drawn
/// @param rules what changes the logits beside
/// @param stop when the sequence ends
/// @param output what is told of it
/// @param cacheSalt keys and values are shared with requests of the same salt only
public record GenerationRequest(
        String id,
        TokenIds prompt,
        SamplingParams sampling,
        LogitsRules rules,
        StopConditions stop,
        OutputOptions output,
        Optional<String> cacheSalt) {

    public GenerationRequest {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(rules, "rules");
        Objects.requireNonNull(stop, "stop");
        Objects.requireNonNull(output, "output");
        Objects.requireNonNull(cacheSalt, "cacheSalt");
    }

    /// A request without a salt.
    public GenerationRequest(
            String id,
            TokenIds prompt,
            SamplingParams sampling,
            LogitsRules rules,
            StopConditions stop,
            OutputOptions output) {
        this(id, prompt, sampling, rules, stop, output, Optional.empty());
    }

    /// A request for text, without rules.
    public GenerationRequest(
            String id, TokenIds prompt, SamplingParams sampling, StopConditions stop) {
        this(id, prompt, sampling, LogitsRules.NONE, stop, OutputOptions.TEXT);
    }
}
