package dev.sluice.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/// `sluice rehearse`: serves a tiny model, sends it some requests and ends.
///
/// The build lets the JVM watch, which then keeps the classes that it loaded and linked in its
/// start-up cache (`src/build/start-up-cache`).
@Command(name = "rehearse", hidden = true, mixinStandardHelpOptions = true)
final class RehearseCommand implements Callable<Integer> {
    private static final String CHAT =
            """
            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello! \u4f60\u597d"}],
             "max_tokens": 8, "temperature": 0.7, "top_p": 0.9, "top_k": 40, "seed": 1, "stop": ["zzz"],
             "stream": %s, "stream_options": %s}
            """;
    private static final String COMPLETION =
            """
            {"prompt": ["Once", "Twice"], "max_tokens": 4, "temperature": 0, "stream": %s}
            """;
    private static final List<String> REQUESTS =
            List.of(
                    get("/health"),
                    get("/v1/models"),
                    post("/v1/chat/completions", CHAT.formatted(false, null)),
                    post("/v1/chat/completions", CHAT.formatted(true, "{\"include_usage\": true}")),
                    post("/v1/completions", COMPLETION.formatted(false)),
                    post("/v1/completions", COMPLETION.formatted(true)),
                    post("/v1/completions", "{}"),
                    get("/metrics"));

    @Override
    public Integer call() throws IOException {
        Path directory = Files.createTempDirectory("sluice-rehearsal");
        try {
            RehearsalModel.write(directory);
            return rehearse(directory);
        } finally {
            delete(directory);
        }
    }

    private static int rehearse(Path model) {
        PrintStream out = Standard.out();
        ServerProcess server = new ServerProcess(plan(model), out);
        server.ready().onSuccess(url -> Thread.ofPlatform().start(() -> ask(server, url, out)));
        return server.run();
    }

    /// Flags are read here as those of a server are.
    private static ServePlan plan(Path model) {
        CommandLine main = Main.commandLine(Map.of(), "serve");
        main.parseArgs(
                "serve", "--model=" + model, "--max-num-seqs=4", "--host=127.0.0.1", "--port=0");
        ServeCommand command =
                Optional.ofNullable(main.getSubcommands().get("serve")).orElseThrow().getCommand();
        return command.plan(new FastDeployVariables(Map.of()));
    }

    private static void ask(ServerProcess server, String url, PrintStream out) {
        try {
            for (String request : REQUESTS) {
                out.println(answer(URI.create(url), request).lines().findFirst().orElse("nothing"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            out.flush();
            server.drain();
        }
    }

    private static String answer(URI server, String request) throws IOException {
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String get(String path) {
        return "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".formatted(path);
    }

    private static String post(String path, String body) {
        int length = body.getBytes(StandardCharsets.UTF_8).length;
        return "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(path, length, body);
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
