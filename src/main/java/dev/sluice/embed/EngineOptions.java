package dev.sluice.embed;

import java.util.Optional;

/// What engine to set up: the model, the arithmetic and the batch. Immutable.
///
/// ```
/// EngineOptions.defaults().withModel("Qwen/Qwen3-0.6B")
/// ```
///
/// @param model directory, .gguf file, hub id or package reference; empty for SmolLM2-135M-Instruct
/// @param revision branch, tag or commit of a hub id that names none itself
/// @param overrides what is used instead of what the model's files say
/// @param compute on what and how exactly it is computed
/// @param batch how much is done at once
/// @param logits what happens to logits before tokens are drawn
/// @param decoding how answers are generated, and what ends them early
public record EngineOptions(
        Optional<String> model,
        String revision,
        ModelOverrides overrides,
        ComputeOptions compute,
        BatchOptions batch,
        LogitsOptions logits,
        DecodingOptions decoding) {
    private static final String DEFAULT_REVISION = "main";

    /// A model as its files say.
    public EngineOptions(
            Optional<String> model, String revision, ComputeOptions compute, BatchOptions batch) {
        this(
                model,
                revision,
                ModelOverrides.NONE,
                compute,
                batch,
                LogitsOptions.DEFAULT,
                DecodingOptions.PLAIN);
    }

    /// The default model with the server's defaults.
    public static EngineOptions defaults() {
        return new EngineOptions(
                Optional.empty(),
                DEFAULT_REVISION,
                ComputeOptions.defaults(),
                BatchOptions.defaults());
    }

    /// The same for another model.
    public EngineOptions withModel(String reference) {
        return new EngineOptions(
                Optional.of(reference), revision, overrides, compute, batch, logits, decoding);
    }

    /// The same with another arithmetic.
    public EngineOptions withCompute(ComputeOptions other) {
        return new EngineOptions(model, revision, overrides, other, batch, logits, decoding);
    }

    /// The same with another batch.
    public EngineOptions withBatch(BatchOptions other) {
        return new EngineOptions(model, revision, overrides, compute, other, logits, decoding);
    }

    /// The same with something else instead of what the model's files say.
    public EngineOptions withOverrides(ModelOverrides other) {
        return new EngineOptions(model, revision, other, compute, batch, logits, decoding);
    }

    /// The same with other treatment of logits.
    public EngineOptions withLogits(LogitsOptions other) {
        return new EngineOptions(model, revision, overrides, compute, batch, other, decoding);
    }

    /// The same with another way to generate answers.
    public EngineOptions withDecoding(DecodingOptions other) {
        return new EngineOptions(model, revision, overrides, compute, batch, logits, other);
    }
}
