package dev.sluice.bus;

import dev.sluice.engine.Engine;

/// An engine that a verticle runs, and what belongs to it.
///
/// @param engine not shared with anybody else
/// @param serving what is told about it
/// @param release closes the engine and what it was made of; called once, on the engine thread
public record HostedEngine(Engine engine, EngineInfo.Serving serving, Runnable release) {

    /// Makes an engine. Called once, on the engine thread, where loading a model may take its time.
    @FunctionalInterface
    public interface Factory {
        /// Loads and sets up; a failure fails the deployment of the verticle.
        HostedEngine open();
    }
}
