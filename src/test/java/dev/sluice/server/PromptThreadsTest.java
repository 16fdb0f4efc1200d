package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

@Timeout(60)
class PromptThreadsTest {
    private static final int LONG = PromptThreads.MAX_SHORT_BYTES + 1;

    private final Vertx vertx = Vertx.vertx();
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void close() throws Exception {
        gate.countDown();
        get(vertx.close());
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private Callable<Integer> behindGate(int result) {
        return () -> {
            gate.await();
            return result;
        };
    }

    @Test
    void shortBodiesDoNotWaitForLongOnes() throws Exception {
        PromptThreads threads = new PromptThreads(vertx);
        List<Future<Integer>> held =
                IntStream.range(0, 20).mapToObj(i -> threads.work(LONG, behindGate(i))).toList();

        int result = get(threads.work(PromptThreads.MAX_SHORT_BYTES, () -> 7));

        assertThat(result).isEqualTo(7);
        assertThat(held).noneMatch(Future::isComplete);
        gate.countDown();
        assertThat(get(held.getLast())).isEqualTo(19);
    }

    @Test
    void longBodiesTakeTurns() throws Exception {
        PromptThreads threads = new PromptThreads(vertx);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Future<Integer>> all =
                IntStream.range(0, 10)
                        .mapToObj(i ->
                                threads.work(
                                        LONG,
                                        () -> {
                                            most.accumulateAndGet(
                                                    running.incrementAndGet(), Math::max);
                                            Thread.onSpinWait();
                                            running.decrementAndGet();
                                            return i;
                                        }))
                        .toList();

        for (Future<Integer> one : all) {
            get(one);
        }

        assertThat(most).hasValue(1);
    }

    @Test
    void aLongTextHasTheTokensThatItAlwaysHad() {
        try (ParrotServer server =
                ParrotServer.start(ParrotServer.options(), ParrotServer.servedModel())) {
            JsonObject body = new JsonObject().put("prompt", "a".repeat(LONG));

            HttpResponse<String> answer = server.post("/tokenize", body.encode());

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(new JsonObject(answer.body()).getInteger("count")).isBetween(LONG, LONG + 1);
        }
    }
}
