package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.prompt;
import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.PrometheusText;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What a server refuses, and what it counts, with the default model.
class LimitsIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static JsonObject endless() {
        return user("Count.").put("max_tokens", 48).put("ignore_eos", true);
    }

    @Test
    @Check(63)
    void onlySoManyGenerationsRunAtOnce() {
        try (SluiceServer server =
                        SluiceServer.start("--max-model-len", "512", "--max-concurrency", "5");
                ApiClient api = new ApiClient(server.url())) {
            List<CompletableFuture<Reply>> sent =
                    IntStream.range(0, 10)
                            .mapToObj(_ -> api.send(ApiClient.CHAT, endless().encode()))
                            .toList();
            List<Integer> statuses = sent.stream().map(f -> f.join().status()).sorted().toList();

            assertThat(statuses).containsExactly(200, 200, 200, 200, 200, 429, 429, 429, 429, 429);
            assertThat(api.chat(endless()).status()).isEqualTo(200);
            for (int i = 0; i < 5; i++) {
                try (RawConnection leaving = new RawConnection(server.port())) {
                    leaving.post(ApiClient.CHAT, endless().put("stream", true).encode())
                            .readUntil("\"content\":\"");
                }
            }
            awaitSilence(api);
            List<CompletableFuture<Reply>> more =
                    IntStream.range(0, 5)
                            .mapToObj(_ -> api.send(ApiClient.CHAT, endless().encode()))
                            .toList();
            assertThat(more.stream().map(f -> f.join().status())).containsOnly(200);
        }
    }

    private static void awaitSilence(ApiClient api) {
        await(() -> running(api) == 0);
    }

    private static double running(ApiClient api) {
        return PrometheusText.parse(api.get("/metrics").body())
                .value("sluice_num_requests_running");
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
        }
    }

    @Test
    @Check(61)
    void aServedNameIsTheOnlyOne() {
        try (SluiceServer server =
                        SluiceServer.start("--max-model-len", "512", "--served-model-name", "m1");
                ApiClient api = new ApiClient(server.url())) {
            JsonObject request = user("Hi").put("max_tokens", 1);

            assertThat(api.chat(request).json().getString("model")).isEqualTo("m1");
            for (String name : List.of("m1", "default")) {
                assertThat(api.chat(request.copy().put("model", name)).json().getString("model"))
                        .isEqualTo("m1");
            }
            Reply other = api.chat(request.copy().put("model", "zzz"));
            assertThat(other.status()).isEqualTo(404);
            assertThat(other.error().getString("code")).isEqualTo("model_not_support");
        }
    }

    @Test
    @Check(65)
    void aSignalLetsRunningAnswersEnd() {
        try (SluiceServer server = SluiceServer.start("--max-model-len", "1024");
                ApiClient api = new ApiClient(server.url())) {
            CompletableFuture<Reply> streamed =
                    api.send(
                            ApiClient.CHAT,
                            endless().put("max_tokens", 600).put("stream", true).encode());
            await(() -> running(api) == 1);

            server.terminate();

            await(() -> api.get("/health").status() == 503);
            assertThat(api.chat(endless()).status()).isEqualTo(503);
            SseEvents events = streamed.join().events();
            assertThat(events.done()).isTrue();
            assertThat(events.choices(0).getLast().getString("finish_reason")).isEqualTo("length");
            assertThat(server.exitCode()).isZero();
            assertThatThrownBy(() -> api.get("/health")).hasCauseInstanceOf(ConnectException.class);
        }
    }

    @Test
    @Check(62)
    void keysGuardTheApiAndNothingElse() {
        try (SluiceServer server =
                        SluiceServer.start(
                                Map.of("FD_API_KEY", "k3"),
                                "--max-model-len",
                                "512",
                                "--api-key",
                                "k1",
                                "k2");
                ApiClient api = new ApiClient(server.url())) {
            JsonObject request = user("Hi").put("max_tokens", 1);

            assertThat(api.post(ApiClient.CHAT, request).status()).isEqualTo(401);
            Stream.of("wrong", "k3")
                    .forEach(key -> {
                        Reply reply =
                                api.post(ApiClient.CHAT, request, "authorization", "Bearer " + key);
                        assertThat(reply.status()).isEqualTo(401);
                        assertThat(reply.error().getString("code")).isEqualTo("invalid_api_key");
                    });
            Stream.of("k1", "k2")
                    .forEach(key ->
                            assertThat(
                                            api.post(
                                                            ApiClient.CHAT,
                                                            request,
                                                            "authorization",
                                                            "bearer " + key)
                                                    .status())
                                    .isEqualTo(200));
            assertThat(api.get("/health").status()).isEqualTo(200);
        }
    }

    @Test
    @Check(3)
    void logprobsNeedTheirFlag() {
        try (SluiceServer server = SluiceServer.start("--max-model-len", "512");
                ApiClient api = new ApiClient(server.url())) {
            Reply reply = api.chat(user("Hi").put("logprobs", true));

            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.error().getString("param")).isEqualTo("logprobs");
        }
    }

    @Test
    void whatRunsOutOfBlocksEndsAsIncompleteWhereNothingIsRecomputed() {
        try (SluiceServer server =
                        SluiceServer.start(
                                Map.of("FD_DISABLED_RECOVER", "1"),
                                "--max-model-len",
                                "256",
                                "--block-size",
                                "16",
                                "--num-gpu-blocks-override",
                                "18",
                                // Equal texts would else share their blocks and need no more.
                                "--no-enable-prefix-caching");
                ApiClient api = new ApiClient(server.url())) {
            JsonObject completion =
                    prompt("One, two, three").put("max_tokens", 200).put("ignore_eos", true);
            JsonObject chat = user("Count to 200.").put("max_tokens", 200).put("ignore_eos", true);

            assertThat(reasons(api, ApiClient.COMPLETIONS, completion)).contains("recover_stop");
            assertThat(reasons(api, ApiClient.CHAT, chat)).contains("recover_stop");
            assertThat(streamed(api, ApiClient.COMPLETIONS, completion)).contains("recover_stop");
            assertThat(streamed(api, ApiClient.CHAT, chat)).contains("recover_stop");
        }
    }

    private static List<String> reasons(ApiClient api, String path, JsonObject request) {
        return twice(api, path, request).stream()
                .map(reply -> reply.choice().getString("finish_reason"))
                .toList();
    }

    private static List<String> streamed(ApiClient api, String path, JsonObject request) {
        return twice(api, path, request.copy().put("stream", true)).stream()
                .map(reply -> reply.events().choices(0).getLast().getString("finish_reason"))
                .toList();
    }

    private static List<Reply> twice(ApiClient api, String path, JsonObject request) {
        List<CompletableFuture<Reply>> both =
                List.of(api.send(path, request.encode()), api.send(path, request.encode()));
        return both.stream().map(CompletableFuture::join).toList();
    }

    @Test
    @Check(67)
    void countsWhatSucceeds() {
        try (SluiceServer server = SluiceServer.start("--max-model-len", "512");
                ApiClient api = new ApiClient(server.url())) {
            long before = successes(api);
            IntStream.range(0, 3).forEach(_ -> api.chat(user("Hi").put("max_tokens", 2)));

            assertThat(successes(api)).isEqualTo(before + 3);
        }
    }

    private static long successes(ApiClient api) {
        Matcher matcher =
                Pattern.compile("\nsluice_request_success_total (\\d+)")
                        .matcher(api.get("/metrics").body());
        assertThat(matcher.find()).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
