package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.MemoryDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Submits and cancels come from many threads while the engine thread computes.
@Timeout(60)
class EngineThreadsTest {
    private static final int THREADS = 4;
    private static final int REQUESTS = 300;

    private final Map<String, Integer> terminals = new ConcurrentHashMap<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();

    @Test
    void everyRequestIsEitherRefusedOrEndsOnce() throws InterruptedException {
        EngineConfig config =
                new EngineConfig(64, 4, 32, 4, 40, DType.F32, 6, Set.of(ByteTokenizer.EOS));
        Engine engine =
                new Engine(
                        config,
                        new HistoryModel(ByteTokenizer.SIZE),
                        new ByteTokenizer(),
                        new MemoryDevice(),
                        System::nanoTime);
        AtomicInteger clientsLeft = new AtomicInteger(THREADS);
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int client = i;
            clients.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                submitAndCancel(engine, client);
                                clientsLeft.decrementAndGet();
                            }));
        }

        while (clientsLeft.get() > 0 || engine.hasWork()) {
            engine.step();
            engine.checkIntegrity();
        }
        for (Thread client : clients) {
            client.join();
        }
        engine.close();

        assertThat(accepted.get() + refused.get()).isEqualTo(THREADS * REQUESTS);
        assertThat(accepted.get()).isPositive();
        assertThat(terminals).hasSize(accepted.get());
        assertThat(terminals.values()).containsOnly(1);
        StatsSnapshot stats = engine.stats().snapshot();
        assertThat(stats.successes() + stats.cancellations()).isEqualTo(accepted.get());
        assertThat(stats.blocksFree()).isEqualTo(stats.blocksTotal());
    }

    private void submitAndCancel(Engine engine, int client) {
        SplittableRandom random = new SplittableRandom(client);
        for (int i = 0; i < REQUESTS; i++) {
            String id = client + "-" + i;
            GenerationRequest request =
                    Requests.of(
                            id,
                            Requests.prompt(i, random.nextInt(1, 20)),
                            SamplingParams.GREEDY,
                            random.nextInt(1, 10));
            try {
                engine.submit(request, this::count);
                accepted.incrementAndGet();
            } catch (ApiException.Overloaded e) {
                refused.incrementAndGet();
                Thread.onSpinWait();
            }
            if (random.nextInt(3) == 0) {
                engine.cancel(id);
                engine.cancel(client + "-" + random.nextInt(REQUESTS));
            }
        }
    }

    private void count(GenerationEvent event) {
        if (event.isTerminal()) {
            terminals.merge(event.requestId(), 1, Integer::sum);
        }
    }
}
