package dev.sluice.bus;

import java.util.Optional;

/// What an engine serves and whether it can be used now. Immutable.
///
/// @param status where the engine is in its life
/// @param serving what is served; empty until the model is loaded
public record EngineInfo(Status status, Optional<Serving> serving) {

    /// The life of an engine.
    public enum Status {
        /// The model is being loaded; requests are refused.
        LOADING,
        /// Requests are taken.
        READY,
        /// What runs is being finished; new requests are refused.
        DRAINING,
        /// Nothing is served: loading failed, the device is lost, or the engine was shut down.
        STOPPED
    }

    /// The model and the room that it has.
    ///
    /// @param model name or path of the model
    /// @param device the device in words
    /// @param vocabSize width of the logits; prompt ids are below it
    /// @param maxModelLen most tokens of one sequence, prompt and output
    /// @param maxNumSeqs sequences that run at once
    /// @param kvTokens tokens that the KV pool holds
    public record Serving(
            String model,
            String device,
            int vocabSize,
            int maxModelLen,
            int maxNumSeqs,
            long kvTokens) {}

    /// Whether a request would be taken now.
    public boolean isReady() {
        return status == Status.READY;
    }
}
