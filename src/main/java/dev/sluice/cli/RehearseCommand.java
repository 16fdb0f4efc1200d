package dev.sluice.cli;

import dev.sluice.compute.cpu.CompilerThreads;

import picocli.CommandLine;
import picocli.CommandLine.Command;

import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// `sluice rehearse`: serves a tiny model, sends it some requests, lets it stream for a while and
/// ends.
///
/// The build lets the JVM watch, which then keeps in its start-up cache the classes that it loaded
/// and linked, and how often the methods ran and with what (`src/build/start-up-cache`). Of a
/// method that ran too seldom to be compiled it keeps that, too, and compiles it up to a hundred
/// times later in each server: so what a token passes has to run some ten thousand times here.
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

    private static final List<String> STREAMS =
            List.of(
                    post(
                            "/v1/completions",
                            """
                            {"prompt": "Once", "max_tokens": 256, "temperature": 0, "stream": true}
                            """),
                    post(
                            "/v1/chat/completions",
                            """
                            {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}],
                             "max_tokens": 256, "temperature": 0.7, "stream": true}
                            """));

    /// How often each of them is asked for by one client alone before several ask at once.
    private static final int ALONE = 4;

    private static final int CLIENTS = 4;
    private static final int ROUNDS = 20;

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
        AtomicBoolean isDone = new AtomicBoolean();
        server.ready()
                .onSuccess(url -> Thread.ofPlatform().start(() -> talk(server, url, isDone, out)));
        int code = server.run();
        return code == 0 && !isDone.get() ? 1 : code;
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

    private static void talk(
            ServerProcess server, String url, AtomicBoolean isDone, PrintStream out) {
        try {
            for (String request : REQUESTS) {
                out.println(answer(URI.create(url), request).lines().findFirst().orElse("nothing"));
            }
            stream(URI.create(url));
            isDone.set(true);
            // So that the cache has its classes; last, for the compiler is to get far before.
            out.println(CompilerThreads.giveWay() + " compiler threads give way");
        } catch (IOException e) {
            out.println(e);
        } finally {
            out.flush();
            server.drain();
        }
    }

    private static void stream(URI server) throws IOException {
        for (int i = 0; i < ROUNDS; i++) {
            for (String request : STREAMS) {
                for (int j = 0; j < ALONE; j++) {
                    stream(server, List.of(request));
                }
                stream(server, Collections.nCopies(CLIENTS, request));
            }
        }
    }

    /// Sends all, then reads their answers.
    private static void stream(URI server, List<String> requests) throws IOException {
        if (requests.isEmpty()) {
            return;
        }
        try (Socket socket = ask(server, requests.getFirst())) {
            stream(server, requests.subList(1, requests.size()));
            if (!read(socket).contains("data: [DONE]")) {
                throw new IOException("a stream broke off");
            }
        }
    }

    private static String answer(URI server, String request) throws IOException {
        try (Socket socket = ask(server, request)) {
            return read(socket);
        }
    }

    private static Socket ask(URI server, String request) throws IOException {
        Socket socket = new Socket(server.getHost(), server.getPort());
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
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
