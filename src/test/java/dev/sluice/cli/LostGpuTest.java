package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.cuda.Cusim;
import dev.sluice.embed.BatchOptions;
import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.DeviceKind;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.Precision;
import dev.sluice.openai.ApiOptions;
import dev.sluice.server.ServerOptions;
import dev.sluice.testing.ApiClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// A GPU that is lost ends the process, so that whatever started it starts it again.
@Timeout(120)
final class LostGpuTest {
    @TempDir private static Path directory;

    private final Cusim cusim = Cusim.open();

    @AfterEach
    void forgetTheFault() {
        cusim.fail("");
        cusim.reset();
    }

    private static ServePlan plan() {
        EngineOptions engine =
                EngineOptions.defaults()
                        .withModel(TinyModels.write(directory.resolve("m")).toString())
                        .withCompute(
                                ComputeOptions.defaults()
                                        .withDevice(DeviceKind.CUDA_SIM)
                                        .withPrecision(Precision.FLOAT32))
                        .withBatch(BatchOptions.defaults().withMaxModelLen(300));
        return new ServePlan(
                engine,
                ServerOptions.at("127.0.0.1", 0),
                ApiOptions.DEFAULT,
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void aLostGpuFailsTheRequestAndEndsTheProcessWithAnExitCode() throws Exception {
        cusim.reset();
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
        ServerProcess server = new ServerProcess(plan(), nowhere);
        FutureTask<Integer> serving = new FutureTask<>(server::run);
        Thread.ofPlatform().start(serving);
        try (ApiClient client = new ApiClient(server.ready().await(60, TimeUnit.SECONDS))) {
            cusim.fail("cuStreamSynchronize:6:700");
            String body = ApiClient.prompt("abc").put("max_tokens", 200).encode();

            ApiClient.Reply failed = client.send(ApiClient.COMPLETIONS, body).join();

            assertThat(failed.status()).isEqualTo(500);
            assertThat(serving.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        }
    }
}
