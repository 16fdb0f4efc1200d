package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

@Timeout(60)
class AdmissionTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}],\"temperature\":0}";
    private static final String FOREVER =
            HELLO.replace("say:Hello!", "forever").replace("}],", "}],\"stream\":true,");

    private static ParrotServer server(AdmissionOptions admission) {
        return ParrotServer.start(
                        ParrotServer.options().withAdmission(admission), ParrotServer.servedModel())
                .slow(Duration.ofMillis(2));
    }

    private static AdmissionOptions active(int active, Duration patience) {
        return AdmissionOptions.DEFAULT
                .withMaxConcurrency(10)
                .withMaxActive(active, Optional.of(patience));
    }

    @Test
    void answersThatAreNotStreamedHaveALimitInAll() {
        String path = "/v1/completions";
        String prompt = "{\"prompt\":\"forever\\u0003\",\"max_tokens\":%d,\"stream\":%s}";
        AdmissionOptions options = AdmissionOptions.DEFAULT.withMaxAnswerBytes(1_000);

        try (ParrotServer server = server(options)) {
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> refused = server.post(path, prompt.formatted(400, false));
                assertThat(refused.statusCode()).isEqualTo(429);
                assertThat(refused.headers().firstValue("retry-after")).isPresent();
                assertThat(refused.body()).contains("stream");
                assertThat(server.post(path, prompt.formatted(150, false)).statusCode())
                        .isEqualTo(200);
            }
            assertThat(server.post(path, prompt.formatted(400, true)).body()).contains("[DONE]");
        }
    }

    @Test
    void whoWaitsTooLongGetsATimeout() {
        try (ParrotServer server = server(active(1, Duration.ofMillis(50)));
                RawConnection running = new RawConnection(server.port())) {
            running.post(CHAT, FOREVER).readUntil("data: ");

            HttpResponse<String> late = server.post(CHAT, HELLO);

            assertThat(late.statusCode()).isEqualTo(408);
            JsonObject error = new JsonObject(late.body()).getJsonObject("error");
            assertThat(error.getString("type")).isEqualTo("timeout_error");
            assertThat(error.getString("code")).isEqualTo("timeout");
            assertThat(error.getString("message")).contains("--max-waiting-time");
            running.leave();
            server.awaitStats(s -> s.running() == 0);
            assertThat(server.post(CHAT, HELLO).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whoWaitsGoesOnWhenAPlaceIsFree() {
        try (ParrotServer server = server(active(1, Duration.ofSeconds(30)));
                RawConnection running = new RawConnection(server.port());
                RawConnection waiting = new RawConnection(server.port())) {
            running.post(CHAT, FOREVER).readUntil("data: ");
            waiting.post(CHAT, HELLO);

            running.leave();

            assertThat(waiting.readUntil("Hello!").received()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void whoLeavesWhileWaitingTakesNobodysTurn() {
        try (ParrotServer server = server(active(1, Duration.ofSeconds(30)));
                RawConnection running = new RawConnection(server.port());
                RawConnection waiting = new RawConnection(server.port())) {
            running.post(CHAT, FOREVER).readUntil("data: ");
            RawConnection gone = new RawConnection(server.port()).post(CHAT, HELLO);
            waiting.post(CHAT, HELLO);

            gone.reset();
            running.leave();

            assertThat(waiting.readUntil("Hello!").received()).startsWith("HTTP/1.1 200");
            assertThat(server.post(CHAT, HELLO).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void ofTenAtOnceFiveAreServedWhereFiveMayBe() {
        try (ParrotServer server = server(AdmissionOptions.DEFAULT.withMaxConcurrency(5))) {
            List<RawConnection> clients =
                    IntStream.range(0, 10)
                            .mapToObj(_ -> new RawConnection(server.port()).post(CHAT, FOREVER))
                            .toList();

            List<String> first =
                    clients.stream()
                            .map(client -> client.readUntil("\r\n").received().substring(9, 12))
                            .sorted()
                            .toList();
            clients.forEach(RawConnection::close);
            // Before an engine's first step none is running either.
            server.awaitStats(s -> s.successes() + s.cancellations() == 5);

            assertThat(first)
                    .containsExactly(
                            "200", "200", "200", "200", "200", "429", "429", "429", "429", "429");
            assertThat(server.post(CHAT, HELLO).statusCode()).isEqualTo(200);
        }
    }
}
