package dev.sluice.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `sluice serve` as a person starts it: the finished `target/sluice`, in a process of its own.
public final class SluiceServer implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofMinutes(3);
    private static final Duration POLL = Duration.ofMillis(20);

    /// The whole announcement, to its last line.
    private static final Pattern READY =
            Pattern.compile("(?s)Sluice serves .* on (https?://\\S+) with .*\n +-d '.*'\n");

    private final Process process;
    private final Path out;
    private final Path err;

    private SluiceServer(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /// The launcher of the finished distribution.
    public static Path launcher() {
        return home().resolve("bin").resolve("sluice");
    }

    /// The folder of the finished distribution.
    public static Path home() {
        return Path.of(System.getProperty("sluice.home", "target/sluice")).toAbsolutePath();
    }

    /// Starts a server on a free port and waits until it is ready.
    public static SluiceServer start(String... flags) {
        SluiceServer server = launch(flags);
        server.url();
        return server;
    }

    /// Starts a server on a free port.
    public static SluiceServer launch(String... flags) {
        return launch(Map.of(), flags);
    }

    /// Starts a server with an environment of its own beside the test's and waits until it is
    /// ready.
    public static SluiceServer start(Map<String, String> environment, String... flags) {
        SluiceServer server = launch(environment, flags);
        server.url();
        return server;
    }

    /// Starts a server on a free port with further variables of the environment.
    public static SluiceServer launch(Map<String, String> variables, String... flags) {
        List<String> all = new ArrayList<>(List.of("--port", "0"));
        all.addAll(List.of(flags));
        return launchAsGiven(variables, all);
    }

    /// Starts a server with these flags and no others.
    public static SluiceServer launchAsGiven(Map<String, String> variables, List<String> flags) {
        try {
            Path out = Files.createTempFile("sluice", ".out");
            Path err = Files.createTempFile("sluice", ".err");
            List<String> command = new ArrayList<>(List.of(launcher().toString(), "serve"));
            command.addAll(flags);
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile());
            builder.environment().putAll(variables);
            return new SluiceServer(builder.start(), out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Where it listens, once it is ready.
    ///
    /// @throws IllegalStateException if it ends or does not become ready in time
    public String url() {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (System.nanoTime() < deadline) {
            Optional<String> url = READY.matcher(output()).results().map(m -> m.group(1)).findAny();
            if (url.isPresent()) {
                return url.get();
            }
            if (!process.isAlive()) {
                throw new IllegalStateException("it ended: " + output() + log());
            }
            pause();
        }
        throw new IllegalStateException("it is not ready: " + output() + log());
    }

    /// The port that it listens on, once it is ready.
    public int port() {
        Matcher matcher = Pattern.compile(":(\\d+)$").matcher(url());
        if (!matcher.find()) {
            throw new IllegalStateException("no port in " + url());
        }
        return Integer.parseInt(matcher.group(1));
    }

    /// What it wrote to standard output so far.
    public String output() {
        return read(out);
    }

    /// What it wrote to standard error so far.
    public String log() {
        return read(err);
    }

    /// Sends SIGTERM.
    public void terminate() {
        process.destroy();
    }

    /// Its process.
    public Process process() {
        return process;
    }

    /// Waits for its end.
    ///
    /// @return the exit code
    public int exitCode() {
        try {
            if (process.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new IllegalStateException("it does not end: " + output() + log());
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
