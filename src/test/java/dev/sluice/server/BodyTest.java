package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/// What a server holds of the bodies of requests, and for how long.
@Timeout(60)
class BodyTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}],\"max_tokens\":8%s}";
    private static final int MAX_BYTES = 4096;
    private static final int MAX_BYTES_IN_ALL = 6000;
    private ParrotServer server;

    @BeforeEach
    void start() {
        server = server(Duration.ofSeconds(30));
    }

    private static ParrotServer server(Duration patience) {
        return ParrotServer.start(
                ParrotServer.options()
                        .withBodies(new BodyOptions(MAX_BYTES, MAX_BYTES_IN_ALL, patience)),
                ParrotServer.servedModel());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /// A chat with so many bytes of body.
    private static String chat(int size) {
        return HELLO.formatted(" ".repeat(size - HELLO.length() + 2));
    }

    private RawConnection upload(String path, String framing, int size) {
        return upload(server, path, framing, size);
    }

    private static RawConnection upload(
            ParrotServer server, String path, String framing, int size) {
        RawConnection client = new RawConnection(server.port());
        client.write(
                "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s"
                        .formatted(path, framing, " ".repeat(size))
                        .getBytes(StandardCharsets.UTF_8));
        return client;
    }

    private RawConnection stalledUpload() {
        RawConnection client = upload("/tokenize", "Content-Length: " + MAX_BYTES, MAX_BYTES - 1);
        awaitRoom(3000, false);
        return client;
    }

    /// Asks with heads alone, which take no room.
    private void awaitRoom(int size, boolean there) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (isRoom(size) != there) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }

    private boolean isRoom(int size) {
        try (RawConnection client =
                upload(CHAT, "Expect: 100-continue\r\nContent-Length: " + size, 0)) {
            return client.readUntil("\r\n").received().startsWith("HTTP/1.1 100");
        }
    }

    @Test
    void bodiesShareTheRoomThatThereIs() {
        try (RawConnection stalled = stalledUpload()) {
            HttpResponse<String> refused = server.post(CHAT, chat(3000));

            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("retry-after")).contains("1");
            assertThat(refused.headers().firstValue("x-request-id")).isPresent();
            JsonObject error = new JsonObject(refused.body()).getJsonObject("error");
            assertThat(error.getString("type")).isEqualTo("rate_limit_error");
            assertThat(server.post(CHAT, chat(1000)).statusCode()).isEqualTo(200);
            stalled.leave();
            awaitRoom(3000, true);
            assertThat(server.post(CHAT, chat(3000)).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aBodyOfUnknownLengthIsRefusedOnceThereIsNoRoom() {
        try (RawConnection _ = stalledUpload()) {
            try (RawConnection chunked = upload(CHAT, "Transfer-Encoding: chunked", 0)) {
                chunked.write(
                        ("BB8\r\n" + " ".repeat(0xBB8) + "\r\n").getBytes(StandardCharsets.UTF_8));

                assertThat(chunked.readUntil("rate_limit_exceeded").received())
                        .startsWith("HTTP/1.1 429")
                        .contains("connection: close");
                assertThat(chunked.drain()).isLessThan(1000);
            }
            assertThat(server.post(CHAT, chat(1000)).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aChunkedBodyMayNotBeLargerByItsLastChunkEither() {
        String whole = chat(MAX_BYTES + 1);
        try (RawConnection client = upload(CHAT, "Transfer-Encoding: chunked", 0)) {
            client.write(
                    "%x\r\n%s\r\n0\r\n\r\n"
                            .formatted(whole.length(), whole)
                            .getBytes(StandardCharsets.UTF_8));

            assertThat(client.readUntil("\r\n").received()).startsWith("HTTP/1.1 413");
        }
    }

    @Test
    void streamsThatRunHoldNothingOfTheirSmallBodies() {
        String stream =
                HELLO.replace("say:Hello!", "forever").replace("8%s", "500,\"stream\":true");
        String body = stream + " ".repeat(1900 - stream.length());
        server.slow(Duration.ofMillis(4));
        List<RawConnection> clients =
                IntStream.range(0, 3)
                        .mapToObj(_ -> new RawConnection(server.port()).post(CHAT, body))
                        .toList();
        clients.forEach(client -> client.readUntil("\"role\""));

        assertThat(server.post(CHAT, chat(MAX_BYTES)).statusCode()).isEqualTo(200);
        assertThat(server.awaitStats(_ -> true).successes()).isEqualTo(1);
        clients.forEach(RawConnection::close);
        server.awaitStats(stats -> stats.running() == 0);
    }

    @Test
    void bytesComeBackWhateverBecomesOfARequest() {
        String blank = " ".repeat(3000);
        String large = " ".repeat(MAX_BYTES + 1);
        for (int i = 0; i < 10; i++) {
            assertThat(server.post(CHAT, chat(3000)).statusCode()).isEqualTo(200);
            assertThat(server.post("/tokenize", chat(3000)).statusCode()).isEqualTo(200);
            for (String path : List.of(CHAT, "/tokenize")) {
                assertThat(server.post(path, blank).statusCode()).isEqualTo(400);
                assertThat(server.post(path, large).statusCode()).isEqualTo(413);
            }
            stalledUpload().reset();
            awaitRoom(MAX_BYTES, true);
        }

        assertThat(server.post(CHAT, chat(MAX_BYTES)).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @EnumSource(
            value = HttpClient.Version.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void whoIsRefusedStillGetsTheAnswer(HttpClient.Version version) throws Exception {
        try (HttpClient http = HttpClient.newBuilder().version(version).build()) {
            HttpResponse<String> response =
                    http.send(
                            HttpRequest.newBuilder(URI.create(server.url(CHAT)))
                                    .POST(BodyPublishers.ofString(" ".repeat(8 << 20)))
                                    .build(),
                            BodyHandlers.ofString());

            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(response.body()).contains("--max-request-bytes");
        }
    }

    @Test
    void aClientIsToldToGoOnOnlyIfItsBodyIsWanted() {
        try (RawConnection wanted = upload(CHAT, "Expect: 100-continue\r\nContent-Length: 100", 0);
                RawConnection unwanted =
                        upload(CHAT, "Expect: 100-continue\r\nContent-Length: 10000", 0)) {
            assertThat(wanted.readUntil("\r\n\r\n").received())
                    .isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(unwanted.readUntil("\r\n").received()).startsWith("HTTP/1.1 413");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'Content-Length: 100', 0",
        "'Content-Length: 100', 9",
        "'Transfer-Encoding: chunked', 0"
    })
    void aBodyThatNeverComesIsGivenUp(String framing, int size) {
        try (ParrotServer hasty = server(Duration.ofMillis(50));
                RawConnection client = upload(hasty, CHAT, framing, size)) {
            client.readUntil("\"code\":\"timeout\"");

            assertThat(client.received())
                    .startsWith("HTTP/1.1 408")
                    .contains("connection: close", "\"type\":\"timeout_error\"");
            assertThat(client.drain()).isLessThan(100);
        }
    }

    @Test
    void aBodyMayTakeLongerThanTheTimeBetweenItsPieces() {
        long patience = 350;
        try (ParrotServer server = server(Duration.ofMillis(patience));
                RawConnection client =
                        upload(server, CHAT, "Expect: 100-continue\r\nContent-Length: 4096", 0)) {
            client.readUntil("100 Continue\r\n\r\n");
            long begin = System.nanoTime();
            byte[] body = chat(MAX_BYTES).getBytes(StandardCharsets.UTF_8);
            int sent = 0;
            while (System.nanoTime() - begin < TimeUnit.MILLISECONDS.toNanos(patience + 30)) {
                client.write(new byte[] {body[sent++]});
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }

            client.write(Arrays.copyOfRange(body, sent, body.length));

            client.readUntil("HTTP/1.1 200 OK");
        }
    }

    @Test
    void anAnswerMayTakeLongerThanABody() {
        try (ParrotServer hasty = server(Duration.ofMillis(50)).slow(Duration.ofMillis(40))) {
            assertThat(hasty.post(CHAT, chat(100)).statusCode()).isEqualTo(200);
            assertThat(hasty.post(CHAT, HELLO.formatted(",\"stream\":true")).body())
                    .endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void aClientThatLeavesWhileItSendsIsNoError() {
        try (Logged logged = new Logged()) {
            stalledUpload().leave();
            awaitRoom(MAX_BYTES, true);
            stalledUpload().reset();
            awaitRoom(MAX_BYTES, true);

            assertThat(logged.lines()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\n", "-1\r\n", "5\r\n{\"a\":x\r\n"})
    void aMalformedChunkIsTheClientsMistake(String chunk) {
        try (Logged logged = new Logged();
                RawConnection client = upload(CHAT, "Transfer-Encoding: chunked", 0)) {
            client.write(chunk.getBytes(StandardCharsets.UTF_8));

            assertThat(client.readUntil("invalid_request_error").received())
                    .startsWith("HTTP/1.1 400");
            assertThat(client.drain()).isLessThan(200);
            assertThat(logged.lines()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {CHAT, "/v1/completions", "/tokenize", "/detokenize"})
    void encodedBodiesAreRefused(String path) {
        for (String encoding : List.of("gzip", "br", "identity, gzip")) {
            try (RawConnection client =
                    upload(path, "Content-Length: 9\r\nContent-Encoding: " + encoding, 9)) {
                assertThat(client.readUntil("}}").received())
                        .startsWith("HTTP/1.1 415")
                        .contains("Content-Encoding", encoding, "invalid_request_error");
            }
        }
        try (RawConnection client =
                upload(path, "Content-Length: 9\r\nContent-Encoding: Identity", 9)) {
            assertThat(client.readUntil("}}").received()).contains("not valid JSON");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 0", "Connection: keep-alive"})
    void noBodyIsAnEmptyOne(String framing) {
        try (RawConnection client = upload(CHAT, framing, 0)) {
            assertThat(client.readUntil("The body is empty.").received())
                    .startsWith("HTTP/1.1 400");
        }
    }

    /// What is logged as a warning or an error while this is open.
    private static final class Logged implements AutoCloseable {
        private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

        Logged() {
            appender.start();
            root.addAppender(appender);
        }

        List<String> lines() {
            return appender.list.stream()
                    .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                    .map(ILoggingEvent::getFormattedMessage)
                    .toList();
        }

        @Override
        public void close() {
            root.detachAppender(appender);
        }
    }
}
