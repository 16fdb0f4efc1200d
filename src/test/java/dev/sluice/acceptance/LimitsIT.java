package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.prompt;
import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.SluiceServer;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What a server refuses, and what it counts, with the default model.
class LimitsIT {
    private static JsonObject endless() {
        return user("Count.").put("max_tokens", 48).put("ignore_eos", true);
    }

    @Test
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
        }
    }

    @Test
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
                                "18");
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
