package dev.sluice.bus;

import static dev.sluice.testing.ParrotServer.await;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ApiException;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.TestEngines;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/// Two engines on one bus take requests in turn.
@Timeout(30)
class TwoEnginesTest {
    private final Vertx vertx = Vertx.vertx();
    private final EngineClient client = EngineClient.create(vertx);

    @BeforeEach
    void deploy() {
        for (int i = 0; i < 2; i++) {
            HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
            model.beforeForward(_ -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5)));
            EngineVerticle engine =
                    new EngineVerticle(
                            () -> TestEngines.hosted(TestEngines.config(), model), Duration.ZERO);
            await(
                    vertx.deployVerticle(
                            engine,
                            EngineVerticle.deploymentOptions().setWorkerPoolName("engine" + i)));
        }
    }

    @AfterEach
    void close() {
        await(vertx.close());
    }

    private Future<Generation> submit(int number) {
        return client.submit(TestEngines.greedy("r" + number, "hello", 120), _ -> {});
    }

    @Test
    void aCancelGoesToTheEngineThatRunsTheRequest() {
        List<Generation> running = IntStream.range(0, 3).mapToObj(i -> await(submit(i))).toList();

        running.reversed().forEach(Generation::cancel);

        for (Generation generation : running) {
            assertThatThrownBy(() -> await(generation.ended()))
                    .isInstanceOf(ApiException.Cancelled.class);
        }
    }

    @Test
    void aClientKnowsWhichEngineRunsItsRequest() {
        Generation first = await(submit(0));
        Generation second = await(submit(1));

        await(client.cancel("r1"));
        await(client.cancel("r0"));

        for (Generation generation : List.of(first, second)) {
            assertThatThrownBy(() -> await(generation.ended()))
                    .isInstanceOf(ApiException.Cancelled.class);
        }
        assertThat(await(client.info()).isReady()).isTrue();
    }
}
