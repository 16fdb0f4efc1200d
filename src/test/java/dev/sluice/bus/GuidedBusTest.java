package dev.sluice.bus;

import static dev.sluice.testing.ParrotServer.await;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.EngineFeatures;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Guidance;
import dev.sluice.engine.GuidedDecoding;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.grammar.GrammarLimits;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.grammar.GrammarVocabulary;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.HistoryModel;
import dev.sluice.testing.TestEngines;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Requests whose grammars are being compiled: a compiler that waits for its vocabulary is not done
/// before the test lets it.
@Timeout(30)
class GuidedBusTest {
    private static final GenerationRequest REQUEST =
            new GenerationRequest(
                    "a",
                    TokenIds.of(1),
                    SamplingParams.GREEDY,
                    LogitsRules.NONE.with(
                            new Guidance(
                                    new GrammarSpec.RegularExpression("[ab]{9}"), "guided_regex")),
                    StopConditions.maxTokens(20),
                    OutputOptions.TEXT);

    private final Vertx vertx = Vertx.vertx();
    private final EngineClient client = EngineClient.create(vertx);
    private final CountDownLatch compiling = new CountDownLatch(1);
    private final CountDownLatch mayCompile = new CountDownLatch(1);
    private final GrammarCompiler compiler =
            new GrammarCompiler(
                    this::vocabulary, GrammarLimits.DEFAULT, JsonSchemaOptions.DEFAULT, 1);
    private final HistoryModel model = new HistoryModel(ByteTokenizer.SIZE);
    private String deployment = "";

    private GrammarVocabulary vocabulary() {
        compiling.countDown();
        TestEngines.await(mayCompile);
        return GrammarVocabulary.of(new ByteTokenizer().vocabulary());
    }

    private HostedEngine open() {
        EngineFeatures features =
                EngineFeatures.of(List.of(), Optional.of(new GuidedDecoding(compiler, true)));
        HostedEngine hosted = TestEngines.hosted(TestEngines.config(), model, features);
        return new HostedEngine(
                hosted.engine(),
                hosted.serving(),
                () -> {
                    hosted.release().run();
                    compiler.close();
                });
    }

    @BeforeEach
    void deploy() {
        deployment =
                await(
                        vertx.deployVerticle(
                                new EngineVerticle(this::open, Duration.ofSeconds(10)),
                                EngineVerticle.deploymentOptions()));
    }

    @AfterEach
    void close() {
        mayCompile.countDown();
        await(vertx.close());
    }

    private Future<Generation> submit() throws InterruptedException {
        Future<Generation> submitted = client.submit(REQUEST, _ -> {});
        assertThat(compiling.await(20, TimeUnit.SECONDS)).isTrue();
        return submitted;
    }

    @Test
    void undeployingRefusesThem() throws InterruptedException {
        Future<Generation> submitted = submit();

        await(vertx.undeploy(deployment));

        assertThatThrownBy(() -> await(submitted)).isInstanceOf(ApiException.Draining.class);
    }

    @Test
    void drainingRefusesThem() throws InterruptedException {
        Future<Generation> submitted = submit();

        await(client.drain());

        assertThatThrownBy(() -> await(submitted)).isInstanceOf(ApiException.Draining.class);
    }

    @Test
    void cancellingRefusesThem() throws InterruptedException {
        Future<Generation> submitted = submit();

        await(client.cancel("a"));

        assertThatThrownBy(() -> await(submitted)).isInstanceOf(ApiException.Cancelled.class);
    }

    @Test
    void oneThatIsCancelledBeforeItsAnswerIsNotCompiledFor() throws InterruptedException {
        Generation generation = client.begin(REQUEST, _ -> {});
        assertThat(compiling.await(20, TimeUnit.SECONDS)).isTrue();

        generation.cancel();

        assertThatThrownBy(() -> await(generation.accepted()))
                .isInstanceOf(ApiException.Cancelled.class);
        assertThatThrownBy(() -> await(generation.ended()))
                .isInstanceOf(ApiException.Cancelled.class);
    }

    @Test
    void cancellingOneLeavesAnotherOfItsId() throws InterruptedException {
        model.beforeForward(_ -> LockSupport.parkNanos(5_000_000));
        Future<Generation> running = client.submit(TestEngines.greedy("a", "hello", 100), _ -> {});
        await(running);
        EngineClient other = EngineClient.create(vertx);
        Future<Generation> submitted = other.submit(REQUEST, _ -> {});
        assertThat(compiling.await(20, TimeUnit.SECONDS)).isTrue();

        await(other.cancel("a"));

        assertThatThrownBy(() -> await(submitted)).isInstanceOf(ApiException.Cancelled.class);
        assertThat(await(running.compose(Generation::ended)).completionTokens()).isEqualTo(100);
    }

    @Test
    void onceCompiledTheyAreTaken() throws InterruptedException {
        Future<Generation> submitted = submit();

        mayCompile.countDown();

        assertThat(await(submitted.compose(Generation::ended)).completionTokens()).isPositive();
    }
}
