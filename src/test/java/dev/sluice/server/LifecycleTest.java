package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.StatsSnapshot;
import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.RequestLimits;
import dev.sluice.openai.ServedModel;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

@Timeout(60)
class LifecycleTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final Duration STEP = Duration.ofMillis(4);

    /// Less than the server waits for answers that are under way.
    private static final Duration SHUTDOWN = Duration.ofSeconds(8);

    private static String chat(String content, boolean stream) {
        return new JsonObject()
                .put("temperature", 0)
                .put("stream", stream)
                .put(
                        "messages",
                        List.of(new JsonObject().put("role", "user").put("content", content)))
                .encode();
    }

    private static void assertAllIsFree(StatsSnapshot stats) {
        assertThat(stats.blocksFree()).isEqualTo(stats.blocksTotal());
    }

    @Test
    void answers503UntilTheModelIsThere() {
        try (ParrotServer server =
                ParrotServer.startEmpty(ParrotServer.options(), ParrotServer.servedModel())) {
            HttpResponse<String> health = server.get("/health");
            HttpResponse<String> models = server.get("/v1/models");
            HttpResponse<String> generation = server.post(CHAT, chat("say:hi", false));
            HttpResponse<String> metrics = server.get("/metrics");
            server.load(ParrotServer.config());

            assertThat(health.statusCode()).isEqualTo(503);
            assertThat(models.statusCode()).isEqualTo(503);
            assertThat(generation.statusCode()).isEqualTo(503);
            assertThat(generation.body()).contains("server_error").contains("being loaded");
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(server.get("/health").statusCode()).isEqualTo(200);
            assertThat(server.get("/health").body()).isEmpty();
            assertThat(server.post(CHAT, chat("say:hi", false)).statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatLeavesGivesItsBlocksBackAtOnce(boolean stream) {
        try (ParrotServer server = ParrotServer.start().slow(STEP);
                RawConnection client = new RawConnection(server.port())) {
            client.post(CHAT, chat("forever", stream));
            server.awaitStats(s -> s.running() == 1 && s.generationTokens() > 3);

            client.leave();

            StatsSnapshot before = server.awaitStats(s -> true);
            StatsSnapshot after = server.awaitStats(s -> s.running() == 0);
            assertAllIsFree(after);
            assertThat(after.cancellations()).isEqualTo(1);
            // Far from the end, however slow this machine is.
            assertThat(after.generationTokens()).isLessThan(ParrotServer.MAX_MODEL_LEN / 2);
            assertThat(before.successes()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatLeavesWhileItWaitsIsForgotten(boolean stream) {
        try (ParrotServer server = ParrotServer.start().slow(STEP)) {
            List<RawConnection> running =
                    IntStream.range(0, 8)
                            .mapToObj(_ ->
                                    new RawConnection(server.port())
                                            .post(CHAT, chat("forever", true)))
                            .toList();
            server.awaitStats(s -> s.running() == 8);
            RawConnection waiting =
                    new RawConnection(server.port()).post(CHAT, chat("forever", stream));
            server.awaitStats(s -> s.waiting() == 1);

            waiting.reset();

            StatsSnapshot stats = server.awaitStats(s -> s.waiting() == 0);
            assertThat(stats.cancellations()).isEqualTo(1);
            assertThat(stats.running()).isEqualTo(8);
            running.forEach(RawConnection::close);
            assertAllIsFree(server.awaitStats(s -> s.running() == 0));
        }
    }

    @Test
    void allPromptsOfALeavingClientAreCancelled() {
        try (ParrotServer server = ParrotServer.start().slow(STEP);
                RawConnection client = new RawConnection(server.port())) {
            client.post(
                    "/v1/completions",
                    "{\"prompt\":[\"a\\u0003\",\"b\\u0003\",\"c\\u0003\"],\"temperature\":0}");
            server.awaitStats(s -> s.running() == 3);

            client.reset();

            StatsSnapshot stats = server.awaitStats(s -> s.running() == 0);
            assertThat(stats.cancellations()).isEqualTo(3);
            assertAllIsFree(stats);
        }
    }

    @Test
    void aKeptConnectionServesOneRequestAfterTheOther() {
        try (ParrotServer server = ParrotServer.start();
                RawConnection client = new RawConnection(server.port())) {
            client.post(CHAT, chat("say:first", false)).readUntil("\"content\":\"first\"");
            client.post(CHAT, chat("say:second", true)).readUntil("[DONE]");
            client.post(CHAT, chat("say:third", false)).readUntil("\"content\":\"third\"");

            StatsSnapshot stats = server.awaitStats(s -> s.successes() == 3);
            assertThat(stats.cancellations()).isZero();
        }
    }

    /// The engine takes the command to drain between two steps.
    private static void awaitNotHealthy(ParrotServer server) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (server.get("/health").statusCode() != 503) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @Test
    void drainingFinishesStreamsAndRefusesWhatIsNew() {
        try (ParrotServer server = ParrotServer.start().slow(STEP);
                RawConnection client = new RawConnection(server.port())) {
            client.post(CHAT, chat("forever", true)).readUntil("\"content\":\"x");

            Future<Void> drained = server.engine().drain();
            awaitNotHealthy(server);
            HttpResponse<String> refused = server.post(CHAT, chat("say:hi", true));
            ParrotServer.await(drained.compose(_ -> server.undeployServer()));
            client.readUntil("[DONE]");

            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(client.received()).contains("\"finish_reason\":\"length\"");
            assertThatThrownBy(() -> new RawConnection(server.port()))
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void anAbortIsAnErrorInTheStreamAndTheEnd() {
        try (ParrotServer server = ParrotServer.start().slow(STEP);
                RawConnection client = new RawConnection(server.port());
                RawConnection whole = new RawConnection(server.port())) {
            client.post(CHAT, chat("forever", true)).readUntil("\"content\":\"x");
            whole.post(CHAT, chat("forever", false));
            server.awaitStats(s -> s.running() == 2);

            ParrotServer.await(server.engine().drain(Duration.ofMillis(1)));

            client.readUntil("data: [DONE]\n\n");
            assertThat(client.received())
                    .contains("data: {\"error\":{\"message\":\"The server is shutting down.\"")
                    .doesNotContain("\"finish_reason\":\"");
            whole.readUntil("server_error");
            assertThat(whole.received()).startsWith("HTTP/1.1 503");
        }
    }

    @Test
    void whatHasComeOfAnAnswerGoesOutBeforeTheErrorHoweverMuchItIs() {
        JsonObject request =
                new JsonObject(chat("forever", true))
                        .put("logprobs", true)
                        .put("top_logprobs", 20)
                        .put("max_streaming_response_tokens", 10_000);
        ApiOptions logprobs =
                new ApiOptions(
                        RequestLimits.DEFAULT,
                        true,
                        OptionalInt.of(20),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of());
        ServedModel parrot = ParrotServer.servedModel(Optional.empty(), logprobs);
        try (ParrotServer server = ParrotServer.start(ParrotServer.options(), parrot).slow(STEP);
                RawConnection client = new RawConnection(server.port())) {
            client.post(CHAT, request.encode());
            // More than an event loop writes by itself.
            server.awaitStats(s -> s.generationTokens() > 60);

            ParrotServer.await(server.engine().drain(Duration.ofMillis(1)));

            client.readUntil("data: [DONE]\n\n");
            assertThat(client.received())
                    .hasSizeGreaterThan(Answer.MAX_CHARS_ON_EVENT_LOOP)
                    .containsSubsequence(
                            "\"role\":\"assistant\"",
                            "\"content\":\"x",
                            "data: {\"error\":{\"message\":\"The server is shutting down.\"");
        }
    }

    @Test
    void aFaultOfTheModelIsAnInternalError() {
        try (ParrotServer server = ParrotServer.start()) {
            server.model()
                    .beforeForward(_ -> {
                        throw new IllegalStateException("secret detail");
                    });

            HttpResponse<String> whole = server.post(CHAT, chat("say:hi", false));
            HttpResponse<String> stream = server.post(CHAT, chat("say:hi", true));

            assertThat(whole.statusCode()).isEqualTo(500);
            assertThat(whole.body()).contains("internal_error").doesNotContain("secret");
            assertThat(stream.body()).endsWith("data: [DONE]\n\n").contains("internal_error");
        }
    }

    @Test
    void aTakenPortIsOneSentence() {
        try (ParrotServer first = ParrotServer.start()) {
            ServerOptions options = ServerOptions.at("127.0.0.1", first.port());

            assertThatThrownBy(() -> ParrotServer.startEmpty(options, ParrotServer.servedModel()))
                    .isInstanceOf(ListenException.class)
                    .hasMessage(
                            "Port %d on 127.0.0.1 is taken by another program; choose another one"
                                            .formatted(first.port())
                                    + " with --port.");
        }
    }

    @Test
    void severalEventLoopsShareOnePort() {
        try (ParrotServer server =
                ParrotServer.start(
                        ParrotServer.options().withEventLoops(3), ParrotServer.servedModel())) {
            for (int i = 0; i < 6; i++) {
                try (RawConnection client = new RawConnection(server.port())) {
                    client.post(CHAT, chat("say:hi", true)).readUntil("[DONE]");
                }
            }

            assertThat(server.awaitStats(s -> s.successes() == 6).running()).isZero();
        }
    }

    @Test
    void aRequestThatIsNotWholeDoesNotHoldUpTheEnd() {
        try (ParrotServer server = ParrotServer.start();
                RawConnection client = new RawConnection(server.port())) {
            client.write(
                    "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{\"mess"
                            .formatted(CHAT)
                            .getBytes(StandardCharsets.UTF_8));
            client.readUntil("100 Continue");
            long begin = System.nanoTime();

            ParrotServer.await(server.undeployServer());

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SHUTDOWN);
            client.readUntil("503").readUntil("shutting down");
        }
    }
}
