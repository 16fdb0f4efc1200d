package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Readers that stop. Many prompts in one request make the traffic that fills a socket.
@Timeout(60)
class SlowReaderTest {
    private static final String COMPLETIONS = "/v1/completions";
    private static final int SMALL = 2048;

    private static String manyPrompts() {
        return new JsonObject()
                .put("prompt", Collections.nCopies(40, "forever\u0003"))
                .put("temperature", 0)
                .put("stream", true)
                .put("stream_options", new JsonObject().put("continuous_usage_stats", true))
                .encode();
    }

    @Test
    void whatAReaderDoesNotTakeIsMergedAndComesLater() {
        try (ParrotServer server = ParrotServer.start();
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post(COMPLETIONS, manyPrompts());
            server.awaitStats(s -> s.successes() == 40);

            client.readUntil("data: [DONE]\n\n");

            SseEvents events = SseEvents.parse(body(client.received()));
            int expected = ParrotServer.MAX_MODEL_LEN - 8;
            for (int i = 0; i < 40; i++) {
                assertThat(events.text(i)).hasSize(expected);
            }
            // One event a token would be 20,000.
            assertThat(events.chunks()).hasSizeLessThan(15_000);
        }
    }

    /// The body of a chunked response.
    private static String body(String response) {
        StringBuilder body = new StringBuilder();
        int at = response.indexOf("\r\n\r\n") + 4;
        while (at < response.length()) {
            int line = response.indexOf("\r\n", at);
            int length = Integer.parseInt(response.substring(at, line), 16);
            body.append(response, line + 2, Math.min(line + 2 + length, response.length()));
            at = line + 4 + length;
        }
        return body.toString();
    }

    @Test
    void aReaderThatLeavesTooMuchIsToldSo() {
        ServerOptions options =
                ParrotServer.options().withSlowReaders(1000, Duration.ofMinutes(10));
        try (ParrotServer server = ParrotServer.start(options, ParrotServer.servedModel());
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post(COMPLETIONS, manyPrompts());

            assertThat(server.awaitStats(s -> s.cancellations() > 0 && s.running() == 0))
                    .satisfies(s -> assertThat(s.blocksFree()).isEqualTo(s.blocksTotal()));
            String received = client.readUntil("data: [DONE]\n\n").received();
            assertThat(received).hasSizeLessThan(8_000_000);
            assertThat(body(received)).contains("read too slowly").endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void aWholeAnswerComesInPiecesToWhoTakesThem() {
        try (ParrotServer server = ParrotServer.start();
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post("/tokenize", new JsonObject().put("prompt", "x".repeat(500_000)).encode());

            String received = client.readUntil("\"token_strs\":null}").received();

            int head = received.indexOf("\r\n\r\n") + 4;
            assertThat(received.toLowerCase(Locale.ROOT))
                    .contains("content-length: " + (received.length() - head));
            assertThat(new JsonObject(received.substring(head)).getInteger("count"))
                    .isGreaterThanOrEqualTo(500_000);
        }
    }

    @Test
    void whoHasTakenAnAnswerMayAskAgainAfterTheTimeForIt() {
        Duration timeout = Duration.ofMillis(50);
        ServerOptions options = ParrotServer.options().withSlowReaders(1 << 20, timeout);
        try (ParrotServer server = ParrotServer.start(options, ParrotServer.servedModel());
                RawConnection client = new RawConnection(server.port())) {
            client.post("/tokenize", "{\"prompt\":\"a\"}").readUntil("\"count\":2");
            LockSupport.parkNanos(timeout.multipliedBy(3).toNanos());

            client.post("/tokenize", "{\"prompt\":\"bc\"}").readUntil("\"count\":3");

            assertThat(client.received()).containsSubsequence("HTTP/1.1 200", "HTTP/1.1 200");
        }
    }

    @Test
    void whoTakesNothingOfAWholeAnswerIsCutOff() {
        ServerOptions options =
                ParrotServer.options().withSlowReaders(1 << 20, Duration.ofMillis(50));
        try (ParrotServer server = ParrotServer.start(options, ParrotServer.servedModel());
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post(
                    "/tokenize", new JsonObject().put("prompt", "x".repeat(4_000_000)).encode());
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(3));

            assertThat(client.drain()).isBetween(1L, 15_000_000L);
        }
    }

    @Test
    void aReaderThatTakesNothingForTooLongIsCutOff() {
        ServerOptions options =
                ParrotServer.options().withSlowReaders(1 << 20, Duration.ofMillis(50));
        try (ParrotServer server =
                        ParrotServer.start(options, ParrotServer.servedModel())
                                .slow(Duration.ofMillis(1));
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post(COMPLETIONS, manyPrompts());

            server.awaitStats(s -> s.cancellations() > 0 && s.running() == 0);
        }
    }
}
