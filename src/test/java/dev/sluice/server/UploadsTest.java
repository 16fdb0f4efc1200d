package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// Whom a server that stops would tell that it does not wait for his body.
@Timeout(60)
class UploadsTest {
    private static final int MAX_BYTES = 100;

    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger port = new AtomicInteger();
    private final ServerState state =
            new ServerState(
                    vertx,
                    ParrotServer.options()
                            .withBodies(new BodyOptions(MAX_BYTES, 1000, Duration.ofMinutes(10))),
                    Future.succeededFuture(ParrotServer.servedModel()));

    @BeforeEach
    void start() {
        ParrotServer.await(
                vertx.deployVerticle(new HttpListener(state, 0, Routes::all, port::set)));
    }

    @AfterEach
    void stop() {
        ParrotServer.await(vertx.close());
    }

    private RawConnection upload(String framing) {
        RawConnection client = new RawConnection(port.get());
        write(client, "POST /tokenize HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n".formatted(framing));
        return client;
    }

    private static void write(RawConnection client, String text) {
        client.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void awaitUploads(int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (state.uploads().size() != count) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    @Test
    void aBodyIsForgottenOnceItIsWholeRefusedOrGivenUp() {
        String body = "{\"prompt\":\"a\"}";
        try (RawConnection answered = upload("Content-Length: " + body.length());
                RawConnection refused = upload("Transfer-Encoding: chunked");
                RawConnection reset = upload("Content-Length: " + MAX_BYTES)) {
            awaitUploads(3);

            write(answered, body);
            write(refused, "65\r\n%s\r\n".formatted("x".repeat(MAX_BYTES + 1)));
            reset.reset();

            answered.readUntil("200 OK");
            refused.readUntil("413");
            awaitUploads(0);
        }
    }
}
