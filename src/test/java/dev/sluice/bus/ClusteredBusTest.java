package dev.sluice.bus;

import static dev.sluice.testing.ParrotServer.await;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StatsSnapshot;
import dev.sluice.engine.StopConditions;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.TestEngines;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/// An engine on one node of a cluster and its clients on another. Both are in this JVM and listen
/// on the loopback interface only.
@Timeout(30)
class ClusteredBusTest {
    private static final String LOOPBACK = "127.0.0.1";
    private static final int FIRST_PORT = 47_300;
    private static final String CLUSTER = UUID.randomUUID().toString();

    private static Vertx engineNode;
    private static Vertx clientNode;
    private static EngineClient client;

    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private String deployment;

    @BeforeAll
    static void startNodes() {
        HazelcastClusterManager first = member(Optional.empty());
        engineNode = await(node(first));
        String address =
                LOOPBACK
                        + ":"
                        + first.getHazelcastInstance()
                                .getCluster()
                                .getLocalMember()
                                .getAddress()
                                .getPort();
        clientNode = await(node(member(Optional.of(address))));
        client = EngineClient.create(clientNode);
    }

    private static HazelcastClusterManager member(Optional<String> other) {
        Config config = new Config().setClusterName(CLUSTER);
        config.setProperty("hazelcast.logging.type", "none");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.getNetworkConfig().setPort(FIRST_PORT).setPortCount(100);
        config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface(LOOPBACK);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true);
        other.ifPresent(address -> join.getTcpIpConfig().addMember(address));
        return new HazelcastClusterManager(config);
    }

    /// One event loop: who holds it up, holds up the whole node.
    private static Future<Vertx> node(HazelcastClusterManager member) {
        return Vertx.builder()
                .with(
                        new VertxOptions()
                                .setEventLoopPoolSize(1)
                                .setMaxEventLoopExecuteTimeUnit(TimeUnit.MINUTES)
                                .setEventBusOptions(new EventBusOptions().setHost(LOOPBACK)))
                .withClusterManager(member)
                .buildClustered();
    }

    @Test
    void anIdThatNoEncodingKeepsIsAnIdAllTheSame() {
        List<GenerationEvent> events = new CopyOnWriteArrayList<>();

        await(
                client.submit(TestEngines.greedy("a\ud800", "hello", 3), events::add)
                        .compose(Generation::ended));

        assertThat(events.getLast()).isInstanceOf(GenerationEvent.Finished.class);
    }

    @AfterAll
    static void stopNodes() {
        await(clientNode.close());
        await(engineNode.close());
    }

    /// Steps take 5 ms, so that an engine with work is busy for some time.
    @BeforeEach
    void deploy() {
        model.beforeForward(_ -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5)));
        deployment =
                await(
                        engineNode.deployVerticle(
                                new EngineVerticle(
                                        () -> TestEngines.hosted(TestEngines.config(), model),
                                        Duration.ZERO),
                                EngineVerticle.deploymentOptions()));
    }

    @AfterEach
    void undeploy() {
        await(engineNode.undeploy(deployment));
    }

    @Test
    void eventsComeWhileTheEngineIsBusy() throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(5);
        // Goes on with work until the fifth event has arrived.
        model.beforeForward(_ -> awaitShort(seen, 30));
        List<GenerationEvent> events = new CopyOnWriteArrayList<>();

        Generation generation = submit(100, events, seen);

        assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(generation.ended().isComplete()).isFalse();
        assertThat(await(generation.ended()).completionTokens()).isEqualTo(100);
        assertThat(events).hasSize(102);
        assertThat(events.getFirst()).isInstanceOf(GenerationEvent.Started.class);
        assertThat(events.getLast()).isInstanceOf(GenerationEvent.Finished.class);
    }

    private Generation submit(int maxTokens, List<GenerationEvent> events, CountDownLatch seen) {
        return await(
                client.submit(
                        TestEngines.greedy("a", "hello", maxTokens),
                        event -> {
                            events.add(event);
                            seen.countDown();
                        }));
    }

    private static void awaitShort(CountDownLatch latch, long millis) {
        try {
            assertThat(latch.await(millis, TimeUnit.MILLISECONDS)).isIn(true, false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void cancelEndsARequestInTheMiddle() throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(5);
        Generation generation =
                await(client.submit(TestEngines.greedy("a", "hello", 120), _ -> seen.countDown()));
        assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();

        generation.cancel();

        assertThatThrownBy(() -> await(generation.ended()))
                .isInstanceOf(ApiException.Cancelled.class);
    }

    @Test
    void eventsThatNobodyTakesCancel() {
        await(
                clientNode
                        .eventBus()
                        .request(
                                Addresses.SUBMIT,
                                TestEngines.greedy("a", "hello", 120),
                                new DeliveryOptions().setCodecName(GenerationCodecs.REQUEST)));

        awaitStats(stats -> stats.cancellations() == 1);
    }

    @Test
    void aNumberThatIsNotFiniteIsRefusedByName() {
        SamplingParams hot =
                new SamplingParams(
                        Float.POSITIVE_INFINITY, 1, OptionalInt.empty(), 0, 0, Penalties.NONE);
        GenerationRequest request =
                new GenerationRequest("a", TokenIds.of(1), hot, StopConditions.maxTokens(1));

        assertThatThrownBy(() -> await(client.submit(request, _ -> {})))
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> assertThat(e.param()).contains("temperature"));
    }

    @Test
    void aRequestThatIsIncompleteOnTheWireIsRefusedByName() {
        EventBus bus = clientNode.eventBus();
        bus.unregisterCodec(GenerationCodecs.REQUEST);
        bus.registerCodec(
                new GenerationCodecs.JsonCodec<JsonObject>(
                        GenerationCodecs.REQUEST, json -> json, json -> json));

        Future<Message<Object>> reply =
                bus.request(
                        Addresses.SUBMIT,
                        new JsonObject().put("id", "a"),
                        new DeliveryOptions().setCodecName(GenerationCodecs.REQUEST));
        bus.unregisterCodec(GenerationCodecs.REQUEST);
        GenerationCodecs.register(bus);

        assertThatThrownBy(() -> await(reply))
                .extracting(ReplyFailures::toApiException)
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> assertThat(e.param()).contains("prompt"));
    }

    @Test
    void anEngineWhoseNodeIsGoneEndsItsStreams() throws InterruptedException {
        CountDownLatch seen = new CountDownLatch(5);
        CountDownLatch back = new CountDownLatch(1);
        List<GenerationEvent> events = new CopyOnWriteArrayList<>();
        Generation generation = submit(120, events, seen);
        assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();

        engineNode.runOnContext(_ -> TestEngines.await(back));

        try {
            assertThatThrownBy(() -> await(generation.ended()))
                    .isInstanceOf(ApiException.Draining.class)
                    .hasMessageContaining("gone");
            assertThat(events.getLast()).isInstanceOf(GenerationEvent.Failed.class);
        } finally {
            back.countDown();
        }
    }

    @Test
    void anEngineThatIsSlowIsNotTakenForGone() {
        // Longer than it takes to notice a node that is gone.
        CountDownLatch never = new CountDownLatch(1);
        model.beforeForward(batch -> {
            if (model.numForwards() == 3) {
                awaitShort(never, 6_000);
            }
        });

        Future<GenerationEvent.Finished> ended =
                client.submit(TestEngines.greedy("a", "hello", 10), _ -> {})
                        .compose(Generation::ended);

        assertThat(await(ended).completionTokens()).isEqualTo(10);
    }

    private static void awaitStats(Predicate<StatsSnapshot> condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (StatsSnapshot stats = await(client.stats());
                !condition.test(stats);
                stats = await(client.stats())) {
            assertThat(System.nanoTime()).as("deadline, at %s", stats).isLessThan(deadline);
        }
    }
}
