package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.bus.EngineVerticle;
import dev.sluice.cli.TinyModels;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.DeviceKind;
import dev.sluice.embed.EngineLoader;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.GpuOptions;
import dev.sluice.embed.Precision;
import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ParrotServer;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/// From HTTP over the event bus to the emulated driver, with a small model of random weights.
@Timeout(120)
final class EmulatedGpuTest {
    @TempDir private static Path directory;

    private final Cusim cusim = Cusim.open();

    @BeforeEach
    void begin() {
        cusim.reset();
        cusim.deferStreams(true);
        cusim.forgetThreads();
    }

    @AfterEach
    void end() {
        cusim.fail("");
        cusim.deferStreams(false);
        cusim.reset();
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no answer in 60 s", e);
        }
    }

    /// A server of its own.
    private static final class Server implements AutoCloseable {
        private final Vertx vertx = Vertx.vertx();
        private final EngineVerticle engine;
        private final ApiClient client;

        Server(ComputeOptions compute) {
            BatchOptions batch = BatchOptions.defaults().withMaxModelLen(300).withMaxNumSeqs(6);
            EngineLoader loader =
                    new EngineLoader(
                            EngineOptions.defaults()
                                    .withModel(TinyModels.write(directory.resolve("m")).toString())
                                    .withCompute(compute)
                                    .withBatch(batch));
            HttpServerVerticle http =
                    new HttpServerVerticle(ParrotServer.options(), loader.model());
            engine = loader.verticle();
            await(vertx.deployVerticle(http));
            await(vertx.deployVerticle(engine, EngineVerticle.deploymentOptions()));
            await(loader.model());
            client = new ApiClient("http://127.0.0.1:" + http.actualPort());
        }

        /// The ids of a greedy continuation.
        CompletableFuture<ApiClient.Reply> complete(String prompt, int maxTokens) {
            JsonObject body =
                    ApiClient.prompt(prompt)
                            .put("max_tokens", maxTokens)
                            .put("temperature", 0)
                            .put("return_token_ids", true);
            return client.send(ApiClient.COMPLETIONS, body.encode());
        }

        /// Several greedy continuations at once, of several lengths.
        List<JsonArray> together() {
            List<CompletableFuture<ApiClient.Reply>> replies =
                    IntStream.range(0, 6)
                            .mapToObj(i -> complete("x".repeat(1 + 9 * i), 12 + 5 * i))
                            .toList();
            return replies.stream()
                    .map(CompletableFuture::join)
                    .peek(reply -> assertThat(reply.status()).isEqualTo(200))
                    .map(reply -> reply.choice().getJsonArray("token_ids"))
                    .toList();
        }

        @Override
        public void close() {
            client.close();
            await(vertx.close());
        }
    }

    private static ComputeOptions on(DeviceKind device) {
        return ComputeOptions.defaults().withDevice(device).withPrecision(Precision.FLOAT32);
    }

    @Test
    void allCallsOfTheDriverComeFromTheEngineThreadAndNoMemoryIsLeft() {
        try (Server server = new Server(on(DeviceKind.CUDA_SIM))) {
            server.together();

            assertThat(cusim.callCount()).isGreaterThan(300);
            assertThat(server.client.get("/config-info").json().getString("device_in_use"))
                    .startsWith("cuda-sim (");
        }
        assertThat(cusim.threads()).singleElement().asString().startsWith("engine-0");
        assertThat(cusim.allocatedBytes()).isZero();
        assertThat(cusim.pinnedBytes()).isZero();
    }

    @Test
    void tokensAreThoseOfTheProcessorWithGraphsAndWithout() {
        List<JsonArray> expected;
        try (Server server = new Server(on(DeviceKind.CPU))) {
            expected = server.together();
        }
        GpuOptions eager = new GpuOptions(GpuOptions.MEMORY_UTILIZATION, true);

        try (Server server = new Server(on(DeviceKind.CUDA_SIM))) {
            assertThat(server.together()).isEqualTo(expected);
            assertThat(server.together()).isEqualTo(expected);
        }
        try (Server server = new Server(on(DeviceKind.CUDA_SIM).withGpu(eager))) {
            assertThat(server.together()).isEqualTo(expected);
        }
    }

    @Test
    void twoRanksGiveTheTokensOfTheProcessorFromOneThread() {
        List<JsonArray> expected;
        try (Server server = new Server(on(DeviceKind.CPU))) {
            expected = server.together();
        }
        try (Server server = new Server(on(DeviceKind.CUDA_SIM).withTensorParallelSize(2))) {
            assertThat(server.together()).isEqualTo(expected);
            assertThat(server.client.get("/config-info").json().getString("device_in_use"))
                    .startsWith("cuda-sim (")
                    .endsWith("), 2 ranks");
        }
        assertThat(cusim.threads()).singleElement().asString().startsWith("engine-0");
        assertThat(cusim.allocatedBytes()).isZero();
        assertThat(cusim.pinnedBytes()).isZero();
    }

    @Test
    void oneLostRankFailsWhatRunsAndEndsReadiness() {
        try (Server server = new Server(on(DeviceKind.CUDA_SIM).withTensorParallelSize(2))) {
            assertThat(server.complete("abc", 4).join().status()).isEqualTo(200);
            cusim.fail("cuStreamQuery:8:700");

            assertThat(server.complete("abc", 200).join().status()).isEqualTo(500);
            assertThat(await(server.engine.broken())).hasMessageContaining("(700)");
            assertThat(server.client.get("/health").status()).isEqualTo(503);
        }
    }

    @Test
    void aLostDeviceFailsWhatRunsAndEndsReadiness() {
        try (Server server = new Server(on(DeviceKind.CUDA_SIM))) {
            CompletableFuture<ApiClient.Reply> first = server.complete("abc", 4);
            assertThat(first.join().status()).isEqualTo(200);
            cusim.fail("cuStreamSynchronize:6:700");

            ApiClient.Reply failed = server.complete("abc", 200).join();

            assertThat(failed.status()).isEqualTo(500);
            Throwable cause = await(server.engine.broken());
            assertThat(cause).hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS (700)");
            assertThat(server.client.get("/health").status()).isEqualTo(503);
            assertThat(server.complete("abc", 1).join().status()).isEqualTo(503);
        }
    }
}
