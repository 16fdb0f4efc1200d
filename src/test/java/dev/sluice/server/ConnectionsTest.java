package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Http2Frames;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/// How connections end: idle ones, those of clients that take nothing, all at the end.
@Timeout(120)
class ConnectionsTest {
    private static final int SMALL = 2048;
    private static final int WINDOW = 65_535;
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMinutes(10);

    /// Less than the server waits for the last bytes of answers.
    private static final Duration SHUTDOWN = Duration.ofSeconds(8);

    private static ParrotServer stalling(Duration timeout) {
        ServerOptions options = ParrotServer.options().withSlowReaders(1 << 20, timeout);
        return ParrotServer.start(options, ParrotServer.servedModel());
    }

    private static ParrotServer idling(Duration timeout) {
        ServerOptions options = ParrotServer.options().withListen(o -> o.withIdleTimeout(timeout));
        return ParrotServer.startEmpty(options, ParrotServer.servedModel());
    }

    private static String tokenize(int characters) {
        return new JsonObject().put("prompt", "x".repeat(characters)).encode();
    }

    private static String streams(int prompts, int tokens) {
        return new JsonObject()
                .put("prompt", Collections.nCopies(prompts, "forever\u0003"))
                .put("temperature", 0)
                .put("max_tokens", tokens)
                .put("stream", true)
                .put("stream_options", new JsonObject().put("continuous_usage_stats", true))
                .encode();
    }

    /// Waits until responses of a path were ended or closed.
    private static void awaitEnded(ParrotServer server, String path, int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        String line = "path=\"%s\",status_code=\"200\"} %d".formatted(path, count);
        while (!server.get("/metrics").body().contains(line)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private static Duration shutDown(ParrotServer server) {
        long begin = System.nanoTime();
        ParrotServer.await(server.undeployServer());
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    @Test
    void whoWasCutOffDoesNotHoldUpTheEnd() {
        try (ParrotServer server = stalling(SHORT);
                RawConnection whole = new RawConnection(server.port(), SMALL);
                RawConnection stream = new RawConnection(server.port(), SMALL)) {
            whole.post("/tokenize", tokenize(1_000_000));
            stream.post("/v1/completions", streams(40, 500));
            awaitEnded(server, "/tokenize", 1);
            awaitEnded(server, "/v1/completions", 1);

            assertThat(shutDown(server)).isLessThan(SHUTDOWN);
        }
    }

    @Test
    void whoTakesNothingDoesNotHoldUpTheEndForever() {
        try (ParrotServer server = stalling(LONG);
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            client.post("/tokenize", tokenize(55_000));
            awaitEnded(server, "/tokenize", 1);

            assertThat(shutDown(server)).isBetween(SHUTDOWN, SHUTDOWN.multipliedBy(3));
        }
    }

    @Test
    void anAnswerThatWasEndedGoesOutBeforeTheEnd() {
        try (ParrotServer server = stalling(LONG);
                RawConnection client = new RawConnection(server.port(), SMALL)) {
            // One piece that is more than sockets hold.
            client.post("/tokenize", tokenize(55_000));
            awaitEnded(server, "/tokenize", 1);

            Future<Void> down = server.undeployServer();
            String received = client.readUntil("\"token_strs\":null}").received();
            ParrotServer.await(down);

            int length = received.length() - received.indexOf("\r\n\r\n") - 4;
            assertThat(received.toLowerCase(Locale.ROOT)).contains("content-length: " + length);
        }
    }

    /// Streams of lengths at which, one or the other, a socket is full and the queue before it is
    /// not.
    @Test
    void whoTakesNothingOfTheEndOfAStreamIsCutOff() {
        try (ParrotServer server = stalling(SHORT).slow(Duration.ofMillis(1))) {
            List<RawConnection> clients =
                    IntStream.range(0, 10)
                            .mapToObj(i ->
                                    new RawConnection(server.port(), SMALL)
                                            .post("/v1/completions", streams(2, 150 + 35 * i)))
                            .toList();
            awaitEnded(server, "/v1/completions", clients.size());
            LockSupport.parkNanos(SHORT.multipliedBy(3).toNanos());

            assertThat(shutDown(server)).isLessThan(SHUTDOWN);
            clients.forEach(RawConnection::close);
        }
    }

    @Test
    void aStreamOfHttp2ThatTakesNothingOfAnEndedAnswerIsReset() {
        try (ParrotServer server = stalling(SHORT);
                RawConnection client = new RawConnection(server.port())) {
            client.write(
                    new Http2Frames()
                            .preface(0)
                            .post(1, "/tokenize", tokenize(10))
                            .post(3, "/tokenize", tokenize(10))
                            .take());

            client.readUntil(Http2Frames.resetOf(1)).readUntil(Http2Frames.resetOf(3));
            client.write(new Http2Frames().ping("go on..!").take());
            client.readUntil("go on..!");
        }
    }

    @Test
    void manyStreamsOfHttp2MayBeGivenUp() {
        try (ParrotServer server = stalling(LONG);
                RawConnection client = new RawConnection(server.port())) {
            Http2Frames frames = new Http2Frames().preface(0);
            for (int i = 0; i < 1000; i++) {
                frames.get(2 * i + 1, "/v1/models").reset(2 * i + 1);
            }
            client.write(frames.ping("go on..!").take());

            client.readUntil("go on..!");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "GET /health HT",
                "PRI * HTTP/2.",
                "GET /version HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /version HTTP/1.1\r\nHost: x\r\n\r\nGET /version HT"
            })
    void aConnectionOnWhichNoWholeRequestComesIsClosed(String sent) {
        try (ParrotServer server = idling(SHORT);
                RawConnection client = new RawConnection(server.port())) {
            client.write(sent.getBytes(StandardCharsets.US_ASCII));

            assertThat(client.drain()).isNotNegative();
        }
    }

    @Test
    void aConnectionOfHttp2WithoutStreamsIsClosed() {
        try (ParrotServer server = idling(SHORT);
                RawConnection client = new RawConnection(server.port())) {
            client.write(new Http2Frames().preface(WINDOW).get(1, "/version").take());

            assertThat(client.drain()).isPositive();
        }
    }

    @Test
    void aHeadThatComesByteByByteIsNotWaitedFor() {
        try (ParrotServer server = idling(SHORT.multipliedBy(5));
                RawConnection client = new RawConnection(server.port())) {
            client.write("GET /version HTTP/1.1\r\nx: ".getBytes(StandardCharsets.US_ASCII));
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            while (!Thread.interrupted()) {
                                client.write(new byte[] {'x'});
                                LockSupport.parkNanos(SHORT.toNanos());
                            }
                        } catch (java.io.UncheckedIOException e) {
                            // It was closed, as it should be.
                            Thread.currentThread().interrupt();
                        }
                    });

            assertThat(client.drain()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRequestThatRunsKeepsItsConnectionHoweverSilentItIs(boolean stream) {
        try (ParrotServer server = idling(SHORT);
                RawConnection client = new RawConnection(server.port())) {
            server.load(ParrotServer.config());
            server.slow(SHORT.multipliedBy(5));
            String chat =
                    new JsonObject()
                            .put("prompt", "say:hi\u0003")
                            .put("max_tokens", 2)
                            .put("stream", stream)
                            .encode();
            client.post("/v1/completions", chat).readUntil(stream ? "[DONE]" : "\"usage\"");
        }
    }
}
