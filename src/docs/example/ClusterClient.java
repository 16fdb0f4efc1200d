import dev.sluice.bus.EngineClient;
import dev.sluice.bus.Generation;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.Prompts;
import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A node of a cluster that asks the engine on another one.
public final class ClusterClient {
    private ClusterClient() {}

    /// @param args the engine's model; none for the default one
    public static void main(String[] args) {
        EngineOptions defaults = EngineOptions.defaults();
        EngineOptions options = args.length == 0 ? defaults : defaults.withModel(args[0]);
        Vertx.builder()
                .withClusterManager(new HazelcastClusterManager())
                .buildClustered()
                .compose(vertx ->
                        vertx.executeBlocking(() -> Prompts.of(options))
                                .compose(prompts -> answer(vertx, prompts))
                                .eventually(vertx::close))
                .onFailure(cause -> {
                    System.err.println("failed: " + cause.getMessage());
                    System.exit(1);
                });
    }

    private static Future<GenerationEvent.Finished> answer(Vertx vertx, Prompts prompts) {
        Map<String, Object> question =
                Map.of("role", "user", "content", "What is the capital of France?");
        GenerationRequest request =
                new GenerationRequest(
                        "question-1",
                        prompts.chat(List.of(question)),
                        SamplingParams.GREEDY,
                        StopConditions.maxTokens(32));
        return submit(vertx, request)
                .compose(Generation::ended)
                .onSuccess(
                        end -> System.out.println("\n" + end.completionTokens() + " tokens, done"));
    }

    /// Waits for the engine: until it has loaded its model, a submit fails as draining.
    private static Future<Generation> submit(Vertx vertx, GenerationRequest request) {
        return EngineClient.create(vertx)
                .submit(request, ClusterClient::print)
                .recover(cause ->
                        cause instanceof ApiException.Draining
                                ? vertx.timer(1, TimeUnit.SECONDS)
                                        .compose(_ -> submit(vertx, request))
                                : Future.failedFuture(cause));
    }

    private static void print(GenerationEvent event) {
        if (event instanceof GenerationEvent.Delta delta) {
            System.out.print(delta.text());
        }
    }
}
