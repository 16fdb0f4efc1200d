import dev.sluice.bus.EngineClient;
import dev.sluice.bus.EngineVerticle;
import dev.sluice.bus.Generation;
import dev.sluice.embed.EngineLoader;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.Prompts;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

import java.util.List;
import java.util.Map;

/// A Vert.x application with a language model in it.
///
/// Deploys the engine, streams an answer over the event bus, and cancels another one.
public final class EmbeddedEngine {
    private EmbeddedEngine() {}

    /// @param args a model, as `--model` takes it; none for the default one
    public static void main(String[] args) {
        EngineOptions defaults = EngineOptions.defaults();
        EngineLoader loader =
                new EngineLoader(args.length == 0 ? defaults : defaults.withModel(args[0]));
        Vertx vertx = Vertx.vertx();
        vertx.deployVerticle(loader.verticle(), EngineVerticle.deploymentOptions())
                .compose(_ -> loader.model())
                .compose(model -> {
                    Prompts prompts = new Prompts(model);
                    EngineClient engine = EngineClient.create(vertx);
                    return answer(engine, prompts).compose(_ -> stopHalfway(engine, prompts));
                })
                .onFailure(cause -> {
                    System.err.println("failed: " + cause.getMessage());
                    System.exit(1);
                })
                .eventually(vertx::close);
    }

    /// Streams the answer to a message.
    private static Future<GenerationEvent.Finished> answer(EngineClient engine, Prompts prompts) {
        Map<String, Object> question =
                Map.of("role", "user", "content", "What is the capital of France?");
        GenerationRequest request =
                new GenerationRequest(
                        "question-1",
                        prompts.chat(List.of(question)),
                        SamplingParams.GREEDY,
                        StopConditions.maxTokens(32));
        return engine.submit(request, EmbeddedEngine::print)
                .compose(Generation::ended)
                .onSuccess(
                        end -> System.out.println("\n" + end.completionTokens() + " tokens, done"));
    }

    private static void print(GenerationEvent event) {
        if (event instanceof GenerationEvent.Delta delta) {
            System.out.print(delta.text());
        }
    }

    /// Starts a long text and changes its mind. A cancelled generation ends as a failure.
    private static Future<Void> stopHalfway(EngineClient engine, Prompts prompts) {
        GenerationRequest request =
                new GenerationRequest(
                        "story-1",
                        prompts.text("Once upon a time"),
                        SamplingParams.GREEDY,
                        StopConditions.maxTokens(500));
        return engine.submit(request, _ -> {})
                .onSuccess(Generation::cancel)
                .compose(Generation::ended)
                .map(_ -> "ended by itself")
                .otherwise(Throwable::getMessage)
                .onSuccess(how -> System.out.println("story: " + how))
                .mapEmpty();
    }
}
