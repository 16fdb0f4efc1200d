package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.json.JsonObject;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// What a token of a stream leaves on the heap of the event loop, from the event bus to the socket,
/// with a share of what its request leaves.
///
/// The compiler keeps some short-lived objects off the heap once it has seen the code long enough;
/// so what counts is the best of several rounds.
@Timeout(120)
class StreamAllocationTest {
    private static final String STREAM =
            new JsonObject()
                    .put("prompt", "forever\u0003")
                    .put("temperature", 0)
                    .put("stream", true)
                    .encode();
    private static final int STREAMS = 4;
    private static final int ROUNDS = 12;

    /// Netty's and Vert.x's own objects for a message and a write are about 400 of them.
    private static final double BYTES_OF_A_TOKEN = 640;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private double bytesOnEventLoops() {
        long[] loops =
                LongStream.of(threads.getAllThreadIds())
                        .filter(id -> isEventLoop(threads.getThreadInfo(id)))
                        .toArray();
        return LongStream.of(threads.getThreadAllocatedBytes(loops)).filter(b -> b > 0).sum();
    }

    private static boolean isEventLoop(@Nullable ThreadInfo thread) {
        return thread != null && thread.getThreadName().contains("eventloop");
    }

    private double bytesOfAToken(ParrotServer server) {
        List<RawConnection> clients = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            clients.add(new RawConnection(server.port()));
        }
        double before = bytesOnEventLoops();
        clients.forEach(client -> client.post("/v1/completions", STREAM));
        clients.forEach(client -> client.readUntil("data: [DONE]\n\n"));
        double bytes = bytesOnEventLoops() - before;
        long events = clients.stream().mapToLong(StreamAllocationTest::events).sum();
        clients.forEach(RawConnection::close);
        return bytes / events;
    }

    /// Tokens that come while an event waits its turn are one event.
    private static long events(RawConnection client) {
        return client.received().lines().filter(line -> line.startsWith("data: ")).count();
    }

    @Test
    void aTokenOfAStreamLeavesLittle() {
        double best = Double.MAX_VALUE;

        try (ParrotServer server = ParrotServer.start().slow(Duration.ofMillis(1))) {
            for (int round = 0; round < ROUNDS && best > BYTES_OF_A_TOKEN; round++) {
                best = Math.min(best, bytesOfAToken(server));
            }
        }

        assertThat(best).isLessThanOrEqualTo(BYTES_OF_A_TOKEN);
    }
}
