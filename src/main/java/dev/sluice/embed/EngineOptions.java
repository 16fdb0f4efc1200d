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
/// @param compute on what and how exactly it is computed
/// @param batch how much is done at once
public record EngineOptions(
        Optional<String> model, String revision, ComputeOptions compute, BatchOptions batch) {
    private static final String DEFAULT_REVISION = "main";

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
        return new EngineOptions(Optional.of(reference), revision, compute, batch);
    }

    /// The same with another arithmetic.
    public EngineOptions withCompute(ComputeOptions other) {
        return new EngineOptions(model, revision, other, batch);
    }

    /// The same with another batch.
    public EngineOptions withBatch(BatchOptions other) {
        return new EngineOptions(model, revision, compute, other);
    }
}
