package dev.sluice.cli;

import dev.sluice.server.ServerOptions;

import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.Optional;

/// Where a server listens and how much it lets in.
final class ServerFlags {
    private static final String HOST = "127.0.0.1";
    private static final int PORT = 8188;
    private static final int MAX_PORT = 65_535;
    private static final int MAX_CONCURRENCY = 512;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = HOST,
            description = "Where to listen; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}")
    private String host = HOST;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "" + PORT,
            description = "0 takes a free one. Default: ${DEFAULT-VALUE}")
    private int port = PORT;

    @Option(
            names = "--served-model-name",
            paramLabel = "NAME",
            description =
                    "The name that requests must give and answers carry."
                            + " Default: none, and any name is accepted")
    private Optional<String> servedModelName = Optional.empty();

    @Option(
            names = "--max-concurrency",
            paramLabel = "N",
            defaultValue = "" + MAX_CONCURRENCY,
            description = "Requests at once; one more gets a 429. Default: ${DEFAULT-VALUE}")
    private int maxConcurrency = MAX_CONCURRENCY;

    @Option(
            names = "--max-request-bytes",
            paramLabel = "N",
            description = "Largest body of a request. Default: 32 MiB")
    private Optional<Long> maxRequestBytes = Optional.empty();

    @Option(
            names = "--timeout-graceful-shutdown",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "How long running answers may take after SIGTERM; 0 for as long as they need."
                            + " Default: ${DEFAULT-VALUE}")
    private double gracefulShutdown;

    /// What picocli fills.
    ServerFlags() {}

    /// The defaults at a port.
    ServerFlags(int port) {
        this.port = port;
    }

    /// @throws Refusal if a value is out of its range
    ServerOptions toOptions() {
        atLeast("--max-concurrency", maxConcurrency, 1);
        atLeast("--port", port, 0);
        if (port > MAX_PORT) {
            throw new Refusal("--port must be at most %d and is %d.".formatted(MAX_PORT, port));
        }
        ServerOptions options = ServerOptions.at(host, port).withMaxConcurrency(maxConcurrency);
        if (maxRequestBytes.isEmpty()) {
            return options;
        }
        atLeast("--max-request-bytes", maxRequestBytes.get(), 1);
        return options.withMaxRequestBytes(maxRequestBytes.get());
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new Refusal("%s must be at least %d and is %d.".formatted(name, least, value));
        }
    }

    Optional<String> servedModelName() {
        return servedModelName;
    }

    /// How long running answers may take after the first signal; empty for as long as they need.
    Optional<Duration> drainTimeout() {
        return seconds(gracefulShutdown);
    }

    private static Optional<Duration> seconds(double seconds) {
        return seconds > 0
                ? Optional.of(Duration.ofMillis(Math.round(seconds * 1000)))
                : Optional.empty();
    }
}
