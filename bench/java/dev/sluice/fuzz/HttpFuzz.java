package dev.sluice.fuzz;

import dev.sluice.openai.ApiOptions;
import dev.sluice.openai.RequestLimits;
import dev.sluice.openai.ServedModel;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SseEvents;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// Sends generated requests to a server, one after the other, and watches what they do to it.
public final class HttpFuzz implements AutoCloseable {
    /// Requests during which classes are loaded and code is compiled, which takes its time: after
    /// 300 some still took 9 to 22 ms of the event loop, after 1,000 none took 6. Only what comes
    /// later is timed.
    private static final int WARM_UP = 1000;

    private static final int CHECK_EVERY = 500;
    private static final int LARGE_BODY = 1 << 20;

    /// One request is under way at a time, and a few that were left: so few places only run out if
    /// some are never given back.
    private static final int PLACES = 8;

    /// One request may use so much of the event loop's time at most. Larger bodies take longer to
    /// read, but in small portions, which the blocked-thread checker watches.
    private static final long MAX_LOOP_CPU_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /// Comes on top for each token of the answer: each is an event of its own.
    private static final long LOOP_CPU_NANOS_PER_TOKEN = TimeUnit.MICROSECONDS.toNanos(20);

    private static final long MAX_BLOCKED_MILLIS = 50;

    private final EventLoopWatch watch = new EventLoopWatch();
    private final ParrotServer server;
    private final RequestGenerator requests;
    private final SplittableRandom random;
    private final Map<Integer, Integer> statuses = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    private long maxLoopNanos;

    /// @param seed of everything that is random
    public HttpFuzz(long seed) {
        this.requests = new RequestGenerator(seed);
        this.random = new SplittableRandom(seed);
        VertxOptions options =
                new VertxOptions()
                        .setEventLoopPoolSize(1)
                        .setBlockedThreadCheckInterval(10)
                        .setMaxEventLoopExecuteTime(MAX_BLOCKED_MILLIS)
                        .setWarningExceptionTime(MAX_BLOCKED_MILLIS)
                        .setWarningExceptionTimeUnit(TimeUnit.MILLISECONDS)
                        .setMaxEventLoopExecuteTimeUnit(TimeUnit.MILLISECONDS);
        this.server =
                ParrotServer.start(
                        Vertx.vertx(options),
                        ParrotServer.options().withMaxConcurrency(PLACES),
                        servedModel());
    }

    /// Everything that an operator can switch on.
    private static ServedModel servedModel() {
        ServedModel plain = ParrotServer.servedModel();
        ApiOptions everything =
                new ApiOptions(
                        RequestLimits.DEFAULT,
                        true,
                        OptionalInt.of(20),
                        List.of("LogitBiasLogitsProcessor"),
                        Optional.of("qwen3"),
                        Optional.of("hermes"),
                        Map.of());
        return new ServedModel(
                plain.name(),
                plain.servedName(),
                plain.root(),
                plain.tokenizer(),
                plain.template(),
                plain.specialTokens(),
                plain.defaults(),
                everything,
                plain.maxModelLen(),
                plain.created());
    }

    /// Sends requests.
    public void run(int count) {
        for (int i = 0; i < count; i++) {
            if (i == WARM_UP) {
                watch.forget();
            }
            RequestGenerator.Request request = requests.next();
            if (random.nextInt(25) == 0) {
                leave(request);
            } else {
                ask(request, i >= WARM_UP);
            }
            if (i % CHECK_EVERY == CHECK_EVERY - 1) {
                checkNothingIsHeld();
            }
        }
        checkNothingIsHeld();
        for (String blocked : watch.blocked()) {
            faults.add("the event loop was blocked: " + blocked);
        }
    }

    private static String path(RequestGenerator.Request request) {
        return request.isChat() ? "/v1/chat/completions" : "/v1/completions";
    }

    /// Sends a request and goes away.
    private void leave(RequestGenerator.Request request) {
        try (RawConnection connection = new RawConnection(server.port())) {
            connection.post(path(request), new String(request.body(), StandardCharsets.UTF_8));
        }
    }

    private void ask(RequestGenerator.Request request, boolean warm) {
        long before = watch.cpuNanos();
        HttpResponse<String> response = server.post(path(request), request.body());
        long loop = watch.cpuNanos() - before;
        int status = response.statusCode();
        statuses.merge(status, 1, Integer::sum);
        problem(response).ifPresent(problem -> fault(problem, request, response.body()));
        if (warm && request.body().length < LARGE_BODY) {
            maxLoopNanos = Math.max(maxLoopNanos, loop);
            if (loop > MAX_LOOP_CPU_NANOS + tokens(response) * LOOP_CPU_NANOS_PER_TOKEN) {
                fault("%d ms of the event loop".formatted(loop / 1_000_000), request, "");
            }
        }
    }

    /// Tokens of a whole answer; none of a stream, whose events are short.
    private static int tokens(HttpResponse<String> response) {
        if (response.statusCode() != 200 || !response.body().startsWith("{")) {
            return 0;
        }
        return new JsonObject(response.body())
                .getJsonObject("usage")
                .getInteger("completion_tokens");
    }

    /// What is wrong with an answer.
    private static Optional<String> problem(HttpResponse<String> response) {
        int status = response.statusCode();
        if (status >= 500 || status == 429) {
            return Optional.of("status " + status);
        }
        try {
            boolean stream =
                    response.headers()
                            .firstValue("content-type")
                            .filter(type -> type.startsWith("text/event-stream"))
                            .isPresent();
            if (stream) {
                SseEvents events = SseEvents.parse(response.body());
                boolean failed = events.chunks().stream().anyMatch(c -> c.containsKey("error"));
                return events.done() && !failed
                        ? Optional.empty()
                        : Optional.of("a stream that fails");
            }
            JsonObject body = new JsonObject(response.body());
            boolean whole = body.containsKey(status < 400 ? "choices" : "error");
            return whole ? Optional.empty() : Optional.of("no answer of the protocol");
        } catch (DecodeException | AssertionError e) {
            return Optional.of("a malformed answer: " + e.getMessage());
        }
    }

    private void fault(String problem, RequestGenerator.Request request, String answer) {
        String body = new String(request.body(), StandardCharsets.UTF_8);
        faults.add(
                "%s: %s %s -> %s"
                        .formatted(problem, path(request), shortened(body), shortened(answer)));
    }

    private static String shortened(String text) {
        return text.length() <= 400 ? text : text.substring(0, 400) + "...";
    }

    private void checkNothingIsHeld() {
        try {
            server.awaitStats(stats ->
                    stats.running() == 0
                            && stats.waiting() == 0
                            && stats.blocksFree() == stats.blocksTotal());
        } catch (AssertionError e) {
            faults.add("something is held: " + e.getMessage());
        }
    }

    /// What went wrong.
    public List<String> faults() {
        return List.copyOf(faults);
    }

    /// How many answers had which status.
    public Map<Integer, Integer> statuses() {
        return Map.copyOf(statuses);
    }

    @Override
    public void close() {
        server.close();
        watch.close();
    }

    /// Runs from a shell.
    ///
    /// @param args number of requests and seed, both optional
    public static void main(String[] args) {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
        try (HttpFuzz fuzz = new HttpFuzz(seed)) {
            long begin = System.nanoTime();
            fuzz.run(count);
            System.out.printf(
                    "%d requests in %d s, answers by status %s, at most %.1f ms of event loop%n",
                    count,
                    (System.nanoTime() - begin) / 1_000_000_000,
                    new TreeMap<>(fuzz.statuses()),
                    fuzz.maxLoopNanos / 1e6);
            fuzz.faults().stream().limit(20).forEach(System.out::println);
            System.out.println(fuzz.faults().size() + " faults");
            if (!fuzz.faults().isEmpty()) {
                System.exit(1);
            }
        }
    }
}
