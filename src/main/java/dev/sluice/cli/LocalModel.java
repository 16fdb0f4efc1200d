package dev.sluice.cli;

import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;

import picocli.CommandLine.Option;

import java.util.Optional;

/// A model for one person, in this process.
final class LocalModel {
    @Option(
            names = "--max-model-len",
            paramLabel = "TOKENS",
            description =
                    "Most tokens of prompt and answer together."
                            + " Default: the context that the model was made for")
    private Optional<Integer> maxModelLen = Optional.empty();

    /// Loads the model; the calling thread is then the engine thread.
    ///
    /// @return owned by the caller
    LoadedEngine load(ModelOptions model, ComputeFlags compute) {
        BatchOptions one = BatchOptions.defaults().withMaxNumSeqs(1);
        BatchOptions batch = maxModelLen.map(one::withMaxModelLen).orElse(one);
        EngineOptions options =
                new EngineOptions(model.reference(), model.revision(), compute.toOptions(), batch);
        return LoadedEngine.load(options, ModelOptions.source(System.err));
    }
}
