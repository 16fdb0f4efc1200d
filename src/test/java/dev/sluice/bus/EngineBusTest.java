package dev.sluice.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.EngineConfig;
import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.StatsSnapshot;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.TestEngines;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;

@Timeout(30)
class EngineBusTest {
    private final Vertx vertx = Vertx.vertx();
    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private final EngineClient client = EngineClient.create(vertx);

    @AfterEach
    void closeVertx() {
        await(vertx.close());
    }

    private String deploy() {
        return deploy(TestEngines.config(), Duration.ofSeconds(10));
    }

    private String deploy(EngineConfig config, Duration drainTimeout) {
        return await(
                vertx.deployVerticle(
                        new EngineVerticle(() -> TestEngines.hosted(config, model), drainTimeout),
                        EngineVerticle.deploymentOptions()));
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(20, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("no answer in 20 s", e);
        }
    }

    private StatsSnapshot awaitStats(Predicate<StatsSnapshot> condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        StatsSnapshot stats = await(client.stats());
        while (!condition.test(stats)) {
            assertThat(System.nanoTime()).as("deadline, at %s", stats).isLessThan(deadline);
            stats = await(client.stats());
        }
        return stats;
    }

    @Test
    void streamsAllEventsOfARequestInOrder() {
        deploy();
        List<GenerationEvent> events = new CopyOnWriteArrayList<>();

        Generation generation =
                await(client.submit(TestEngines.greedy("a", "hello", 10), events::add));
        GenerationEvent.Finished finished = await(generation.ended());

        assertThat(finished.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(finished.promptTokens()).isEqualTo(6);
        assertThat(finished.completionTokens()).isEqualTo(10);
        assertThat(events).hasSize(12);
        assertThat(events.getFirst()).isInstanceOf(GenerationEvent.Started.class);
        assertThat(events.subList(1, 11)).hasOnlyElementsOfType(GenerationEvent.Delta.class);
        assertThat(events.getLast()).isEqualTo(finished);
    }

    @Test
    void computesOnItsOwnThread() {
        CopyOnWriteArrayList<String> threads = new CopyOnWriteArrayList<>();
        model.beforeForward(_ -> threads.add(Thread.currentThread().getName()));
        deploy();

        await(run(TestEngines.greedy("a", "hello", 5)));

        assertThat(threads).isNotEmpty().containsOnly("engine-0");
    }

    private Future<GenerationEvent.Finished> run(GenerationRequest request) {
        return client.submit(request, _ -> {}).compose(Generation::ended);
    }

    @Test
    void refusalsKeepTheirTypeAndDetails() {
        deploy();

        assertThatThrownBy(() -> await(run(TestEngines.greedy("a", "x".repeat(200), 5))))
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> {
                            assertThat(e.code()).isEqualTo("context_length_exceeded");
                            assertThat(e.param()).contains("prompt");
                            assertThat(e.text()).startsWith("Input text is too long");
                        });
    }

    @Test
    void aSecondRequestWithTheSameIdIsRefusedAndTakesNothingFromTheFirst() {
        // So that the first is still running when the second comes.
        model.beforeForward(_ -> LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2)));
        deploy();
        List<GenerationEvent> events = new CopyOnWriteArrayList<>();
        Generation first =
                await(client.submit(TestEngines.greedy("same", "hello", 100), events::add));

        Future<GenerationEvent.Finished> second = run(TestEngines.greedy("same", "hello", 100));

        assertThatThrownBy(() -> await(second)).isInstanceOf(ApiException.InvalidRequest.class);
        await(first.ended());
        assertThat(events).hasSize(102);
    }

    @ParameterizedTest
    @ValueSource(classes = {GenerationEvent.Delta.class, GenerationEvent.Finished.class})
    void aHandlerThatFailsEndsItsRequest(Class<? extends GenerationEvent> at) {
        deploy();
        AssertionError failure = new AssertionError("as in a test");

        Future<GenerationEvent.Finished> ended =
                client.submit(
                                TestEngines.greedy("a", "hello", 20),
                                event -> {
                                    if (at.isInstance(event)) {
                                        throw failure;
                                    }
                                })
                        .compose(Generation::ended);

        assertThatThrownBy(() -> await(ended)).isInstanceOf(ApiException.Cancelled.class);
        awaitStats(stats -> stats.running() == 0);
    }

    @Test
    void cancelEndsARequestAndFreesItsBlocks() {
        deploy();
        Generation generation = await(client.submit(endless("a"), _ -> {}));

        generation.cancel();

        assertThatThrownBy(() -> await(generation.ended()))
                .isInstanceOf(ApiException.Cancelled.class);
        StatsSnapshot stats = awaitStats(s -> s.running() == 0);
        assertThat(stats.blocksFree()).isEqualTo(stats.blocksTotal());
        assertThat(stats.cancellations()).isEqualTo(1);
    }

    @Test
    void cancelEndsARequestThatWasSubmittedAMomentAgo() {
        deploy();
        Future<GenerationEvent.Finished> ended = run(endless("a"));

        await(client.cancel("a"));

        assertThatThrownBy(() -> await(ended)).isInstanceOf(ApiException.Cancelled.class);
        awaitStats(stats -> stats.running() == 0);
    }

    @Test
    void anotherClientMayCancel() {
        deploy();
        Generation generation = await(client.submit(endless("a"), _ -> {}));

        await(EngineClient.create(vertx).cancel("a"));

        assertThatThrownBy(() -> await(generation.ended()))
                .isInstanceOf(ApiException.Cancelled.class);
    }

    /// Slow enough not to end before it is cancelled.
    private GenerationRequest endless(String id) {
        CountDownLatch never = new CountDownLatch(1);
        model.beforeForward(_ -> {
            try {
                assertThat(never.await(5, TimeUnit.MILLISECONDS)).isFalse();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return TestEngines.greedy(id, "hello", 120);
    }

    @Test
    void aClientThatIsUndeployedCancels() {
        deploy();
        GenerationRequest request = endless("a");
        String deployment =
                await(
                        vertx.deployVerticle(
                                new VerticleBase() {
                                    @Override
                                    public Future<?> start() {
                                        return client.submit(request, _ -> {});
                                    }
                                }));

        await(vertx.undeploy(deployment));

        StatsSnapshot stats = awaitStats(s -> s.cancellations() == 1);
        assertThat(stats.successes()).isZero();
    }

    @Test
    void anUnreachableEventAddressCancels() {
        deploy();
        GenerationRequest request = endless("a");

        await(
                vertx.eventBus()
                        .request(
                                Addresses.SUBMIT,
                                request,
                                new DeliveryOptions().setCodecName(GenerationCodecs.REQUEST)));

        assertThat(awaitStats(s -> s.cancellations() == 1).successes()).isZero();
    }

    @Test
    void aHandlerThatThrowsCancelsItsOwnRequestOnly() {
        deploy();
        Future<GenerationEvent.Finished> other = run(TestEngines.greedy("b", "hello", 100));

        Generation broken =
                await(
                        client.submit(
                                endless("a"),
                                _ -> {
                                    throw new IllegalStateException("on purpose");
                                }));

        assertThatThrownBy(() -> await(broken.ended())).isInstanceOf(ApiException.Cancelled.class);
        assertThat(await(other).completionTokens()).isEqualTo(100);
        awaitStats(s -> s.cancellations() == 1);
    }

    @Test
    void anEventThatCantBeReadEndsTheRequest() {
        Future<String> cancelled =
                Future.future(promise ->
                        vertx.eventBus()
                                .<String>consumer(
                                        Addresses.CANCEL,
                                        message -> promise.tryComplete(message.body())));
        vertx.eventBus()
                .consumer(
                        Addresses.SUBMIT,
                        message -> {
                            message.reply("");
                            vertx.eventBus()
                                    .send(message.headers().get(Addresses.EVENTS_TO), "nonsense");
                        });

        assertThatThrownBy(() -> await(run(TestEngines.greedy("a", "hello", 5))))
                .isInstanceOf(ApiException.Internal.class)
                .hasMessage("An event of the engine could not be read.");
        assertThat(await(cancelled)).isEqualTo("a");
    }

    @Test
    void tellsThatItIsLoadingAndThenReady() throws InterruptedException {
        CountDownLatch loaded = new CountDownLatch(1);
        CountDownLatch loading = new CountDownLatch(1);
        Future<String> deployment =
                vertx.deployVerticle(
                        new EngineVerticle(
                                () -> {
                                    loading.countDown();
                                    TestEngines.await(loaded);
                                    return TestEngines.hosted(TestEngines.config(), model);
                                },
                                Duration.ZERO),
                        EngineVerticle.deploymentOptions());
        assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();

        EngineInfo before = await(client.info());
        Future<GenerationEvent.Finished> refused = run(TestEngines.greedy("a", "hello", 1));

        assertThat(before.status()).isEqualTo(EngineInfo.Status.LOADING);
        assertThat(before.serving()).isEmpty();
        assertThatThrownBy(() -> await(refused)).isInstanceOf(ApiException.Draining.class);
        loaded.countDown();
        await(deployment);
        EngineInfo after = await(client.info());
        assertThat(after.isReady()).isTrue();
        assertThat(after.serving())
                .hasValueSatisfying(
                        s -> assertThat(s.maxModelLen()).isEqualTo(TestEngines.MAX_MODEL_LEN));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEngineThatIsLoadedWhileVertxIsClosedIsGivenBack(boolean undeployed)
            throws InterruptedException {
        CountDownLatch loaded = new CountDownLatch(1);
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        Vertx other = Vertx.vertx();
        Future<String> deployment =
                other.deployVerticle(
                        new EngineVerticle(
                                () -> {
                                    loading.countDown();
                                    TestEngines.await(loaded);
                                    HostedEngine hosted =
                                            TestEngines.hosted(TestEngines.config(), model);
                                    return new HostedEngine(
                                            hosted.engine(),
                                            hosted.serving(),
                                            () -> {
                                                hosted.release().run();
                                                released.countDown();
                                            });
                                },
                                Duration.ZERO),
                        EngineVerticle.deploymentOptions());
        assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();

        Future<Void> closed =
                undeployed
                        ? Future.all(other.deploymentIDs().stream().map(other::undeploy).toList())
                                .transform(_ -> other.close())
                        : other.close();
        loaded.countDown();

        assertThat(released.await(20, TimeUnit.SECONDS)).isTrue();
        await(closed);
        assertThatThrownBy(() -> await(deployment)).isNotNull();
    }

    @Test
    void withoutAnEngineARequestIsRefused() {
        Future<GenerationEvent.Finished> refused = run(TestEngines.greedy("a", "hello", 1));

        assertThatThrownBy(() -> await(refused)).isInstanceOf(ApiException.Draining.class);
    }

    static Stream<Arguments> otherBodies() {
        return Stream.of(Addresses.SUBMIT, Addresses.CANCEL, Addresses.DRAIN)
                .flatMap(address ->
                        Stream.of(new JsonObject().put("id", "a"), true)
                                .map(body -> Arguments.of(address, body)));
    }

    @ParameterizedTest
    @MethodSource("otherBodies")
    void aMessageWithAnotherBodyIsRefused(String address, Object body) {
        deploy();

        assertThatThrownBy(() -> await(call(address, body)))
                .isInstanceOf(ApiException.InvalidRequest.class)
                .hasMessageStartingWith(address + " takes ")
                .hasMessageContaining(body.getClass().getSimpleName());
    }

    @ParameterizedTest
    @ValueSource(strings = {Addresses.SUBMIT, Addresses.CANCEL})
    void aMessageWithoutABodyIsRefusedWhereOneIsNeeded(String address) {
        deploy();

        Future<Object> answer = call(address);

        assertThatThrownBy(() -> await(answer))
                .isInstanceOf(ApiException.InvalidRequest.class)
                .hasMessageContaining("nothing");
    }

    private Future<Object> call(String address, Object... body) {
        return ReplyFailures.body(
                vertx.eventBus().request(address, body.length == 0 ? null : body[0]));
    }

    @Test
    void drainFinishesWhatRunsAndRefusesWhatIsNew() {
        deploy();
        GenerationRequest request = endless("a");
        Generation running = await(client.submit(request, _ -> {}));

        Future<Void> drained = client.drain();
        Future<GenerationEvent.Finished> refused = run(TestEngines.greedy("b", "hello", 1));

        assertThatThrownBy(() -> await(refused)).isInstanceOf(ApiException.Draining.class);
        assertThat(await(client.info()).status()).isEqualTo(EngineInfo.Status.DRAINING);
        await(drained);
        assertThat(running.ended().result().completionTokens()).isEqualTo(120);
    }

    @Test
    void drainFailsWhatIsLeftAfterItsTimeout() {
        deploy();
        Generation running = await(client.submit(endless("a"), _ -> {}));

        await(client.drain(Duration.ofMillis(20)));

        assertThatThrownBy(() -> await(running.ended())).isInstanceOf(ApiException.Draining.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -70, 0})
    void aDrainWithoutTimeFailsWhatIsLeftAtOnce(long seconds) {
        deploy();
        Generation running = await(client.submit(endless("a"), _ -> {}));

        await(client.drain(Duration.ofSeconds(seconds)));

        assertThatThrownBy(() -> await(running.ended())).isInstanceOf(ApiException.Draining.class);
    }

    @Test
    void aDrainMayBeGivenMoreTimeThanThereIs() {
        deploy();
        Generation running = await(client.submit(endless("a"), _ -> {}));

        await(client.drain(Duration.ofSeconds(Long.MAX_VALUE)));

        assertThat(running.ended().result().completionTokens()).isEqualTo(120);
    }

    static Stream<List<Object>> times() {
        return Stream.of(List.of(), List.of(""), List.of(60_000), List.of(Long.MAX_VALUE));
    }

    @ParameterizedTest
    @MethodSource("times")
    void aDrainTakesMillisecondsOrNothing(List<Object> body) {
        deploy();
        Generation running = await(client.submit(endless("a"), _ -> {}));

        await(call(Addresses.DRAIN, body.toArray()));

        assertThat(running.ended().result().completionTokens()).isEqualTo(120);
    }

    @Test
    void undeployingEndsWhatIsLeft() {
        String deployment = deploy(TestEngines.config(), Duration.ZERO);
        Generation running = await(client.submit(endless("a"), _ -> {}));

        await(vertx.undeploy(deployment));

        assertThatThrownBy(() -> await(running.ended())).isInstanceOf(ApiException.Draining.class);
    }

    @Test
    void tellsThatItDrainsWhileItIsUndeployed() {
        String deployment = deploy();
        Generation running = await(client.submit(endless("a"), _ -> {}));

        Future<Void> undeployed = vertx.undeploy(deployment);
        EngineInfo info = await(client.info());
        while (info.isReady()) {
            info = await(client.info());
        }
        StatsSnapshot stats = await(client.stats());

        assertThat(info.status()).isEqualTo(EngineInfo.Status.DRAINING);
        assertThat(stats.successes()).isZero();
        await(undeployed);
        assertThat(running.ended().result().completionTokens()).isEqualTo(120);
    }

    @Test
    void anEventLoopIsNoPlaceForAnEngine() {
        Future<String> deployment =
                vertx.deployVerticle(
                        new EngineVerticle(
                                () -> TestEngines.hosted(TestEngines.config(), model),
                                Duration.ZERO));

        assertThatThrownBy(() -> await(deployment)).hasMessageContaining("deploymentOptions()");
    }

    @Test
    void aFailureToLoadFailsTheDeployment() {
        Future<String> deployment =
                vertx.deployVerticle(
                        new EngineVerticle(
                                () -> {
                                    throw new IllegalStateException("no such model");
                                },
                                Duration.ZERO),
                        EngineVerticle.deploymentOptions());

        assertThatThrownBy(() -> await(deployment)).hasMessageContaining("no such model");
    }
}
