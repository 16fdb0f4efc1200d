package dev.sluice.cli;

import dev.sluice.server.AccessOptions;
import dev.sluice.server.AdmissionOptions;
import dev.sluice.server.ListenOptions;
import dev.sluice.server.ServerOptions;
import dev.sluice.server.TlsFiles;

import picocli.CommandLine.Option;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where a server listens, whom it answers and how much it lets in.
final class ServerFlags {
    private static final String HOST = "127.0.0.1";
    private static final int PORT = 8188;
    private static final int MAX_PORT = 65_535;
    private static final int MAX_CONCURRENCY = 512;
    private static final String MAX_CONNECTIONS = "FD_SUPPORT_MAX_CONNECTIONS";

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
            names = "--metrics-port",
            paramLabel = "N",
            description =
                    "Port of its own for /metrics and /config-info. Default: the same as --port")
    private Optional<Integer> metricsPort = Optional.empty();

    @Option(
            names = "--served-model-name",
            paramLabel = "NAME",
            description =
                    "The name that requests must give and answers carry."
                            + " Default: none, and any name is accepted")
    private Optional<String> servedModelName = Optional.empty();

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            arity = "1..*",
            description =
                    "Keys of which requests to /v1 must bring one. Rather set SLUICE_API_KEY or"
                            + " FD_API_KEY, separated by commas: flags can be seen by others."
                            + " Default: none, and all requests are served")
    private List<String> apiKeys = new ArrayList<>();

    @Option(
            names = "--ssl-certfile",
            paramLabel = "FILE",
            description = "Serves HTTPS with this certificate (PEM, the whole chain).")
    private Optional<String> certificate = Optional.empty();

    @Option(
            names = "--ssl-keyfile",
            paramLabel = "FILE",
            description = "The certificate's private key (PEM).")
    private Optional<String> privateKey = Optional.empty();

    @Option(
            names = "--cors-origin",
            paramLabel = "ORIGIN",
            arity = "1..*",
            description =
                    "Origins whose pages may send requests from a browser; * for all."
                            + " Default: none")
    private List<String> origins = new ArrayList<>();

    @Option(
            names = "--max-concurrency",
            paramLabel = "N",
            defaultValue = "" + MAX_CONCURRENCY,
            description = "Requests at once; one more gets a 429. Default: ${DEFAULT-VALUE}")
    private int maxConcurrency = MAX_CONCURRENCY;

    @Option(
            names = "--max-waiting-time",
            paramLabel = "SECONDS",
            defaultValue = "-1",
            description =
                    "How long a request waits while FD_SUPPORT_MAX_CONNECTIONS (1024) others are"
                            + " under way, before it gets a 408; -1 for as long as it takes."
                            + " Default: ${DEFAULT-VALUE}")
    private double maxWaiting = -1;

    @Option(
            names = "--max-request-bytes",
            paramLabel = "N",
            description = "Largest body of a request. Default: 8 MiB")
    private Optional<Long> maxRequestBytes = Optional.empty();

    @Option(
            names = "--timeout-graceful-shutdown",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "How long running answers may take after SIGTERM; 0 for as long as they need."
                            + " Default: ${DEFAULT-VALUE}")
    private double gracefulShutdown;

    /// What the flags mean that their giver may not have meant.
    List<String> warnings() {
        return !apiKeys.isEmpty() && apiKeys.stream().allMatch(String::isEmpty)
                ? List.of("--api-key has no key; all requests are served")
                : List.of();
    }

    /// @throws Refusal if a value is out of its range
    ServerOptions toOptions(Map<String, String> environment) {
        if (host.isBlank()) {
            throw new Refusal("--host must not be empty.");
        }
        port("--port", port);
        atLeast("--max-concurrency", maxConcurrency, 1);
        origins.forEach(ServerFlags::origin);
        if (servedModelName.filter(String::isBlank).isPresent()) {
            throw new Refusal("--served-model-name must not be empty.");
        }
        if (!(gracefulShutdown >= 0)) {
            throw new Refusal("--timeout-graceful-shutdown must be at least 0.");
        }
        maxRequestBytes.ifPresent(bytes -> atLeast("--max-request-bytes", bytes, 1));
        ServerOptions options =
                ServerOptions.at(host, port)
                        .withListen(this::listen)
                        .withAdmission(admission(environment))
                        .withAccess(new AccessOptions(apiKeys, origins));
        return maxRequestBytes.map(options::withMaxRequestBytes).orElse(options);
    }

    private ListenOptions listen(ListenOptions usual) {
        metricsPort.ifPresent(other -> port("--metrics-port", other));
        ListenOptions listen = metricsPort.map(usual::withMetricsPort).orElse(usual);
        return tls().map(listen::withTls).orElse(listen);
    }

    private Optional<TlsFiles> tls() {
        if (certificate.isPresent() != privateKey.isPresent()) {
            throw new Refusal("--ssl-certfile and --ssl-keyfile need each other.");
        }
        certificate.ifPresent(file -> readable("--ssl-certfile", file));
        privateKey.ifPresent(file -> readable("--ssl-keyfile", file));
        return certificate.flatMap(file -> privateKey.map(key -> new TlsFiles(key, file)));
    }

    private static void readable(String name, String file) {
        if (!isReadable(file)) {
            throw new Refusal("%s %s can't be read.".formatted(name, file));
        }
    }

    private static boolean isReadable(String file) {
        try {
            return Files.isReadable(Path.of(file));
        } catch (InvalidPathException _) {
            return false;
        }
    }

    private AdmissionOptions admission(Map<String, String> environment) {
        if (!(maxWaiting == -1 || maxWaiting >= 0)) {
            throw new Refusal("--max-waiting-time must be -1 or at least 0.");
        }
        String given = environment.getOrDefault(MAX_CONNECTIONS, "").strip();
        int active = given.isEmpty() ? AdmissionOptions.DEFAULT.maxActive() : whole(given);
        Optional<Duration> patience =
                maxWaiting < 0 ? Optional.empty() : Optional.of(duration(maxWaiting));
        return AdmissionOptions.DEFAULT
                .withMaxConcurrency(maxConcurrency)
                .withMaxActive(active, patience);
    }

    private static int whole(String given) {
        try {
            int value = Integer.parseInt(given);
            atLeast(MAX_CONNECTIONS, value, 1);
            return value;
        } catch (NumberFormatException e) {
            throw new Refusal(
                    "%s must be a whole number and is %s.".formatted(MAX_CONNECTIONS, given));
        }
    }

    private static void origin(String value) {
        if (!AccessOptions.isOrigin(value)) {
            throw new Refusal(
                    "--cors-origin must be *, or an origin such as https://app.example or"
                            + " http://localhost:3000, and is %s.".formatted(value));
        }
    }

    private static void port(String name, int value) {
        atLeast(name, value, 0);
        if (value > MAX_PORT) {
            throw new Refusal("%s must be at most %d and is %d.".formatted(name, MAX_PORT, value));
        }
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
        return gracefulShutdown > 0 ? Optional.of(duration(gracefulShutdown)) : Optional.empty();
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }
}
