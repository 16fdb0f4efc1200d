package dev.sluice.server;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// Where a server listens. Immutable.
///
/// @param host address
/// @param port to listen on; 0 for any that is free
/// @param metricsPort port of its own for metrics and configuration; empty for the same one
/// @param eventLoops threads that serve connections. More than one pays only where thousands of
///   streams run at once, and takes a core from the engine
/// @param tls key and certificate; empty for plain text
/// @param idleTimeout a connection on which no request runs is closed if none has come, with its
///   whole head, for so long. At least as long as clients may take nothing of an answer
public record ListenOptions(
        String host,
        int port,
        OptionalInt metricsPort,
        int eventLoops,
        Optional<TlsFiles> tls,
        Duration idleTimeout) {
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);

    public ListenOptions {
        if (eventLoops < 1) {
            throw new IllegalArgumentException("eventLoops " + eventLoops);
        }
    }

    /// One event loop, plain text, everything on one port, 75 s for idle connections.
    public static ListenOptions at(String host, int port) {
        return new ListenOptions(
                host, port, OptionalInt.empty(), 1, Optional.empty(), IDLE_TIMEOUT);
    }

    /// The same with another number of event loops.
    public ListenOptions withEventLoops(int loops) {
        return new ListenOptions(host, port, metricsPort, loops, tls, idleTimeout);
    }

    /// The same with metrics on a port of their own, unless it is the same one.
    public ListenOptions withMetricsPort(int other) {
        OptionalInt own = other == port ? OptionalInt.empty() : OptionalInt.of(other);
        return new ListenOptions(host, port, own, eventLoops, tls, idleTimeout);
    }

    /// The same over TLS.
    public ListenOptions withTls(TlsFiles files) {
        return new ListenOptions(
                host, port, metricsPort, eventLoops, Optional.of(files), idleTimeout);
    }

    /// The same closing idle connections after another time.
    public ListenOptions withIdleTimeout(Duration timeout) {
        return new ListenOptions(host, port, metricsPort, eventLoops, tls, timeout);
    }
}
