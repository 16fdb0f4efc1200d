package dev.sluice.embed;

import dev.sluice.bus.EngineVerticle;
import dev.sluice.bus.HostedEngine;
import dev.sluice.model.DownloadProgress;
import dev.sluice.model.ModelSource;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.ServedModel;

import io.vertx.core.Future;
import io.vertx.core.Promise;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// Brings an engine into a Vert.x application.
///
/// ```
/// EngineLoader loader = new EngineLoader(EngineOptions.defaults());
/// vertx.deployVerticle(loader.verticle(), EngineVerticle.deploymentOptions());
/// ```
///
/// From then on the engine is asked over the event bus, with [dev.sluice.bus.EngineClient]. For one
/// verticle.
public final class EngineLoader {
    /// How long undeploying waits for what runs.
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);

    private final EngineOptions options;
    private final ModelSource source;
    private final Promise<ServedModel> model = Promise.promise();

    /// @param options which model, and how
    public EngineLoader(EngineOptions options) {
        this(options, _ -> {});
    }

    /// @param options which model, and how
    /// @param progress hears of downloads, on the engine thread
    public EngineLoader(EngineOptions options, Consumer<DownloadProgress> progress) {
        this.options = options;
        this.source = new ModelSource(System.getenv(), progress);
    }

    /// The verticle, which finds or fetches the model and loads it when it is deployed. Deploy it
    /// with [EngineVerticle#deploymentOptions()]; its deployment fails where [LoadedEngine#load]
    /// does.
    public EngineVerticle verticle() {
        return new EngineVerticle(this::open, DRAIN_TIMEOUT);
    }

    /// The model, once it is loaded: its tokenizer and template make prompts (see [Prompts]). Stays
    /// open if loading fails.
    public Future<ServedModel> model() {
        return model.future();
    }

    private HostedEngine open() {
        LoadedEngine loaded = LoadedEngine.load(options, source);
        return loaded.hosted(
                () -> model.tryComplete(loaded.servedModel(Optional.empty(), ApiOptions.DEFAULT)));
    }
}
