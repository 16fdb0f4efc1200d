package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.AnswerProgress;
import dev.sluice.openai.ChunkRenderer;
import dev.sluice.openai.PreparedRequest;
import dev.sluice.openai.RequestTranslator;
import dev.sluice.openai.RequestValidator;
import dev.sluice.testing.ParrotServer;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;

import org.junit.jupiter.api.Test;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/// What becomes of readers of different speed, without a network and without time.
class SseWriterTest {
    private static final PreparedRequest REQUEST =
            new RequestTranslator(
                            ParrotServer.servedModel(),
                            RequestValidator.create(),
                            InstantSource.system())
                    .completion(
                            "{\"prompt\":\"ab\",\"stream\":true}".getBytes(StandardCharsets.UTF_8));
    private static final Duration STALL = Duration.ofSeconds(7);
    private static final int MAX_UNSENT = 10;

    private final Map<Long, Handler<Long>> stallTimers = new HashMap<>();
    private final Queue<Handler<Void>> tasks = new ArrayDeque<>();
    private final List<Handler<Void>> drainHandlers = new ArrayList<>();
    private final List<Throwable> faults = new ArrayList<>();
    private final StringBuilder written = new StringBuilder();
    private final Promise<Void> ended = Promise.promise();
    private Future<Void> taken = Future.succeededFuture();
    private long numTimers;
    private int numHangUps;
    private boolean full;

    private final SseWriter writer =
            new SseWriter(
                    fake(Vertx.class, this::vertx),
                    fake(HttpServerResponse.class, this::response),
                    new ChunkRenderer(REQUEST),
                    new AnswerProgress(REQUEST),
                    ParrotServer.options().withSlowReaders(MAX_UNSENT, STALL),
                    () -> numHangUps++,
                    faults::add);

    private interface Fake {
        Object call(Object self, String method, Object... arguments);
    }

    private static <T> T fake(Class<T> type, Fake fake) {
        InvocationHandler calls =
                (self, method, arguments) -> fake.call(self, method.getName(), arguments);
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, calls));
    }

    private Object vertx(Object self, String method, Object... arguments) {
        return switch (method) {
            case "getOrCreateContext" -> fake(Context.class, this::context);
            case "setTimer" -> {
                if (arguments[0].equals(STALL.toMillis())) {
                    stallTimers.put(numTimers, handler(arguments[1]));
                }
                yield numTimers++;
            }
            case "cancelTimer" -> stallTimers.remove((Long) arguments[0]) != null;
            default -> throw new IllegalStateException(method);
        };
    }

    private Object context(Object self, String method, Object... arguments) {
        return tasks.add(handler(arguments[0]));
    }

    private Object response(Object self, String method, Object... arguments) {
        return switch (method) {
            case "setChunked", "putHeader" -> self;
            case "drainHandler" -> {
                drainHandlers.add(handler(arguments[0]));
                yield self;
            }
            case "writeHead" -> Future.succeededFuture();
            case "writeQueueFull" -> full;
            case "write" -> {
                written.append((Buffer) arguments[0]);
                yield taken;
            }
            case "end" -> {
                written.append((Buffer) arguments[0]);
                yield ended.future();
            }
            default -> throw new IllegalStateException(method);
        };
    }

    /// Proxies lose the types of arguments.
    @SuppressWarnings("unchecked")
    private static <T> Handler<T> handler(Object argument) {
        return (Handler<T>) argument;
    }

    private void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.remove().handle(null);
        }
    }

    private void drain() {
        full = false;
        drainHandlers.forEach(handler -> handler.handle(null));
    }

    private void passStallTime() {
        List<Handler<Long>> due = List.copyOf(stallTimers.values());
        stallTimers.clear();
        due.forEach(timer -> timer.handle(0L));
    }

    private void begin() {
        writer.begin();
        writer.accept(0, new GenerationEvent.Started("r", 0, List.of(), 0));
        runTasks();
    }

    private void say(String text) {
        writer.accept(0, new GenerationEvent.Delta("r", text, TokenIds.of(1), 0));
    }

    private void finish() {
        writer.accept(0, new GenerationEvent.Finished("r", FinishReason.STOP, 2, 1, 0));
        runTasks();
    }

    @Test
    void whoReadsOnIsNoLongerTimed() {
        begin();
        full = true;
        say("first");
        runTasks();
        assertThat(stallTimers).hasSize(1);

        drain();

        assertThat(stallTimers).isEmpty();
        assertThat(written).contains("first");
        full = true;
        say("second");
        runTasks();
        assertThat(stallTimers).hasSize(1);
        drain();
        finish();
        ended.complete();
        assertThat(stallTimers).isEmpty();
        assertThat(written).contains("second").endsWith("data: [DONE]\n\n");
    }

    @Test
    void muchMayWaitForTheEventLoopButNotForTheReader() {
        begin();
        say("x".repeat(MAX_UNSENT + 1));
        say("y");
        assertThat(faults).isEmpty();

        full = true;
        say("z");

        assertThat(faults)
                .singleElement()
                .satisfies(fault -> assertThat(fault).hasMessageContaining("read too slowly"));
    }

    @Test
    void whoTakesNothingOfAFailureIsCutOff() {
        begin();

        writer.fail("{}".getBytes(StandardCharsets.UTF_8));

        assertThat(written).endsWith("data: {}\n\ndata: [DONE]\n\n");
        assertThat(stallTimers).hasSize(1);
        passStallTime();
        assertThat(numHangUps).isEqualTo(1);
    }

    @Test
    void whoTakesSomeOfMuchIsNotCutOff() {
        Promise<Void> piece = Promise.promise();
        begin();
        taken = piece.future();

        writer.fail((" ".repeat(100_000) + "{}").getBytes(StandardCharsets.UTF_8));
        piece.complete();
        passStallTime();

        assertThat(numHangUps).isZero();
        assertThat(written).endsWith("{}\n\ndata: [DONE]\n\n");
        passStallTime();
        assertThat(numHangUps).isEqualTo(1);
    }

    @Test
    void whoTakesAFailureIsLeftAlone() {
        begin();

        writer.fail("{}".getBytes(StandardCharsets.UTF_8));
        ended.complete();

        assertThat(stallTimers).isEmpty();
    }
}
