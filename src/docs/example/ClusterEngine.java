import dev.sluice.bus.EngineVerticle;
import dev.sluice.embed.EngineLoader;
import dev.sluice.embed.EngineOptions;

import io.vertx.core.Vertx;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

/// The node of a cluster that has the model.
public final class ClusterEngine {
    private ClusterEngine() {}

    /// @param args a model, as `--model` takes it; none for the default one
    public static void main(String[] args) {
        EngineOptions defaults = EngineOptions.defaults();
        EngineLoader loader =
                new EngineLoader(args.length == 0 ? defaults : defaults.withModel(args[0]));
        Vertx.builder()
                .withClusterManager(new HazelcastClusterManager())
                .buildClustered()
                .compose(vertx ->
                        vertx.deployVerticle(loader.verticle(), EngineVerticle.deploymentOptions()))
                .onSuccess(_ -> System.out.println("the engine is ready"))
                .onFailure(cause -> {
                    System.err.println("failed: " + cause.getMessage());
                    System.exit(1);
                });
    }
}
