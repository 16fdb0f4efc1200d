package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.SluiceServer;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// `sluice serve` in a process of its own, with a model that never ends by itself.
final class ServeCommandIT {
    private static final Duration AT_ONCE = Duration.ofSeconds(10);

    @TempDir private static Path model;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void writeModel() {
        TinyModels.write(model);
    }

    @Test
    void saysWhenItIsReadyAndHowToAsk() throws Exception {
        try (SluiceServer server = start()) {
            assertThat(server.output())
                    .containsPattern(
                            "Sluice serves \\S+ on http://127\\.0\\.0\\.1:\\d+ with cpu \\(.+\\) and a"
                                    + " KV cache of [\\d,]+ tokens, ready after [\\d.]+ s\\.\n")
                    .contains("curl " + server.url() + "/v1/chat/completions");

            HttpResponse<String> answer = ask(server, 5);

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"completion_tokens\":5");
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theOptimizingCompilerGivesWayToTheEngine() throws Exception {
        try (SluiceServer server = start()) {
            server.url();
            int ofEngine = niceOf(server, "engine-0").orElseThrow();

            // It is told so while the server starts, by a thread that nothing waits for.
            long end = System.nanoTime() + AT_ONCE.toNanos();
            while (niceOf(server, "C2 CompilerThre").orElseThrow() == ofEngine
                    && System.nanoTime() < end) {
                Thread.sleep(10);
            }

            assertThat(niceOf(server, "C2 CompilerThre")).hasValue(Math.min(ofEngine + 10, 19));
            assertThat(niceOf(server, "engine-0")).hasValue(ofEngine);
        }
    }

    /// Field 19 of what Linux says of the first thread of a name; the name itself has spaces.
    private static OptionalInt niceOf(SluiceServer server, String name) throws IOException {
        Path threads = Path.of("/proc", Long.toString(server.process().pid()), "task");
        try (DirectoryStream<Path> each = Files.newDirectoryStream(threads)) {
            for (Path thread : each) {
                String line = statOf(thread);
                int end = line.lastIndexOf(')');
                if (line.substring(line.indexOf('(') + 1, Math.max(0, end)).equals(name)) {
                    return OptionalInt.of(
                            Integer.parseInt(line.substring(end + 2).split(" ", -1)[16]));
                }
            }
        }
        return OptionalInt.empty();
    }

    /// Empty for a thread that has ended.
    private static String statOf(Path thread) {
        try {
            return Files.readString(thread.resolve("stat"));
        } catch (IOException e) {
            return "";
        }
    }

    @Test
    void checksTheNameThatItWasGiven() throws Exception {
        try (SluiceServer server = start("--served-model-name", "m1")) {
            assertThat(server.output()).startsWith("Sluice serves m1 on ");
            assertThat(ask(server, 1).body()).contains("\"model\":\"m1\"");
        }
    }

    @Test
    void saysInOneSentenceThatThePortIsTaken() throws Exception {
        try (SluiceServer first = start()) {
            String port = String.valueOf(first.port());

            try (SluiceServer second =
                    SluiceServer.launch("--model", model.toString(), "--port", port)) {
                assertThat(second.exitCode()).isEqualTo(2);
                assertThat(second.output()).isEmpty();
                assertThat(second.log().lines())
                        .singleElement()
                        .asString()
                        .contains(port, "--port");
            }
        }
    }

    @Test
    void aSignalDrainsAndTheListenerStaysOpenUntilThen() throws Exception {
        int tokens = 4000;
        try (SluiceServer server = start();
                Stream<String> stream = stream(server, tokens)) {
            Iterator<String> lines = stream.iterator();
            awaitFirstText(lines);

            server.terminate();

            awaitStatus(server, 503);
            assertThat(ask(server, 1).statusCode()).isEqualTo(503);
            assertThat(joined(lines))
                    .contains("\"finish_reason\":\"length\"")
                    .endsWith("data: [DONE]");
            assertThat(server.exitCode()).isZero();
            assertThatThrownBy(() -> ask(server, 1)).isInstanceOf(ConnectException.class);
        }
    }

    /// Shell and kernel both tell of it, and a supervisor may. Where these tests run under nohup,
    /// so does the server, and stays.
    @Test
    void aClosedTerminalDrainsHoweverOftenItIsTold() throws Exception {
        try (SluiceServer server = start();
                Stream<String> stream = stream(server, 4000)) {
            Iterator<String> lines = stream.iterator();
            awaitFirstText(lines);

            hangUp(server);
            awaitStatus(server, ignoresHangUp(server) ? 200 : 503);
            hangUp(server);
            server.terminate();

            assertThat(joined(lines)).endsWith("data: [DONE]");
            assertThat(server.exitCode()).isZero();
        }
    }

    private static void hangUp(SluiceServer server) throws Exception {
        String pid = Long.toString(server.process().pid());
        assertThat(new ProcessBuilder("kill", "-HUP", pid).start().waitFor()).isZero();
    }

    /// As Linux tells it; elsewhere a signal is taken to be heard.
    private static boolean ignoresHangUp(SluiceServer server) throws IOException {
        Path status = Path.of("/proc", Long.toString(server.process().pid()), "status");
        if (!Files.exists(status)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(status)) {
            String ignored =
                    lines.filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
            return (Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16) & 1)
                    != 0;
        }
    }

    @Test
    void aSecondSignalEndsAtOnce() throws Exception {
        try (SluiceServer server = start();
                Stream<String> stream = stream(server, 30_000)) {
            awaitFirstText(stream.iterator());
            server.terminate();
            awaitStatus(server, 503);
            long begin = System.nanoTime();

            server.terminate();

            assertThat(server.exitCode()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
        }
    }

    /// The client goes on reading: one that does not is waited for, and the tiny model fills what
    /// lies between in a moment.
    @Test
    void drainsNoLongerThanItMay() throws Exception {
        try (SluiceServer server = start("--timeout-graceful-shutdown", "0.3");
                Stream<String> stream = stream(server, 30_000)) {
            Iterator<String> lines = stream.iterator();
            awaitFirstText(lines);
            CompletableFuture<String> rest = CompletableFuture.supplyAsync(() -> joined(lines));
            long begin = System.nanoTime();

            server.terminate();

            assertThat(server.exitCode()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
            assertThat(rest.get(AT_ONCE.toSeconds(), TimeUnit.SECONDS)).contains("\"error\"");
        }
    }

    private static String joined(Iterator<String> lines) {
        StringBuilder all = new StringBuilder();
        lines.forEachRemaining(all::append);
        return all.toString();
    }

    @Test
    void aSignalWhileTheModelIsLoadedEndsItAtOnce() throws Exception {
        // Nobody answers there, so that the download goes on for ever.
        try (ServerSocket hub = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                SluiceServer server =
                        SluiceServer.launch(
                                Map.of(
                                        "HF_ENDPOINT",
                                        "http://127.0.0.1:" + hub.getLocalPort(),
                                        "HF_HOME",
                                        model.resolve("no-hub").toString()),
                                "--model",
                                "org/nothing")) {
            hub.accept();
            long begin = System.nanoTime();

            server.terminate();

            assertThat(server.exitCode()).isEqualTo(143);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(AT_ONCE);
            assertThat(server.log()).contains("ended while the model was being loaded");
        }
    }

    @Test
    void withoutWorkASignalEndsItAtOnce() throws Exception {
        try (SluiceServer server = start()) {
            server.terminate();

            assertThat(server.exitCode()).isZero();
        }
    }

    @Test
    void takesTheFlagsOfFastDeploysStartCommand() throws Exception {
        try (SluiceServer server =
                start(
                        "--tensor-parallel-size",
                        "2",
                        "--max_model_len",
                        "65536",
                        "--enable-logprob")) {
            assertThat(server.log())
                    .contains("--max-model-len 65536 is more than the 32768 tokens")
                    .doesNotContain("--tensor-parallel-size")
                    .doesNotContain("--enable-logprob");
            assertThat(server.output()).contains("2 threads), 2 ranks and a KV cache");
            assertThat(ask(server, 1).statusCode()).isEqualTo(200);
        }
    }

    private static SluiceServer start(String... flags) {
        String[] all =
                Stream.concat(Stream.of("--model", model.toString()), Stream.of(flags))
                        .toArray(String[]::new);
        return SluiceServer.start(all);
    }

    private HttpResponse<String> ask(SluiceServer server, int tokens)
            throws IOException, InterruptedException {
        return http.send(question(server, tokens, false), BodyHandlers.ofString());
    }

    private Stream<String> stream(SluiceServer server, int tokens)
            throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response =
                http.send(question(server, tokens, true), BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        return response.body();
    }

    private static HttpRequest question(SluiceServer server, int tokens, boolean stream) {
        return HttpRequest.newBuilder(URI.create(server.url() + "/v1/chat/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(question(tokens, stream)))
                .build();
    }

    private static void awaitFirstText(Iterator<String> lines) {
        int chunks = 0;
        while (chunks < 3) {
            chunks += lines.next().startsWith("data: {") ? 1 : 0;
        }
    }

    /// Waits until `/health` answers so; a listener that is gone is a failure.
    private void awaitStatus(SluiceServer server, int status)
            throws IOException, InterruptedException {
        HttpRequest health = HttpRequest.newBuilder(URI.create(server.url() + "/health")).build();
        long deadline = System.nanoTime() + AT_ONCE.toNanos();
        int last = 0;
        while (last != status && System.nanoTime() < deadline) {
            last = http.send(health, BodyHandlers.discarding()).statusCode();
        }
        assertThat(last).isEqualTo(status);
    }

    private static String question(int maxTokens, boolean stream) {
        return """
        {"messages": [{"role": "user", "content": "Hello!"}], "temperature": 0,
         "max_tokens": %d, "stream": %b}\
        """
                .formatted(maxTokens, stream);
    }
}
