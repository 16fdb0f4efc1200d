package dev.sluice.server;

import java.time.Duration;

/// How the HTTP server is set up. Immutable.
///
/// @param host address to listen on
/// @param port to listen on; 0 for any that is free
/// @param eventLoops threads that serve connections. More than one pays only where thousands of
///   streams run at once, and takes a core from the engine
/// @param maxRequestBytes largest body that is taken
/// @param maxConcurrency generations that may be under way at once; one more is refused
/// @param pingInterval a stream that was silent for so long gets a comment, so that nobody between
///   takes it for dead
/// @param maxUnsentChars text of one stream that may wait for a client that reads slowly; beyond it
///   the generation is cancelled
/// @param stallTimeout a client that takes nothing for so long, while there is something, is cut
///   off
public record ServerOptions(
        String host,
        int port,
        int eventLoops,
        long maxRequestBytes,
        int maxConcurrency,
        Duration pingInterval,
        int maxUnsentChars,
        Duration stallTimeout) {
    public ServerOptions {
        if (eventLoops < 1 || maxRequestBytes < 1 || maxConcurrency < 1 || maxUnsentChars < 1) {
            throw new IllegalArgumentException(
                    "eventLoops %d, maxRequestBytes %d, maxConcurrency %d, maxUnsentChars %d"
                            .formatted(
                                    eventLoops, maxRequestBytes, maxConcurrency, maxUnsentChars));
        }
    }

    /// One event loop, bodies up to 32 MiB, 512 generations at once, a comment after 10 s of
    /// silence, a mebi of unsent characters, cut off after a minute.
    public static ServerOptions at(String host, int port) {
        return new ServerOptions(
                host,
                port,
                1,
                32L << 20,
                512,
                Duration.ofSeconds(10),
                1 << 20,
                Duration.ofMinutes(1));
    }

    /// The same with another number of event loops.
    public ServerOptions withEventLoops(int loops) {
        return new ServerOptions(
                host,
                port,
                loops,
                maxRequestBytes,
                maxConcurrency,
                pingInterval,
                maxUnsentChars,
                stallTimeout);
    }

    /// The same with another limit of bodies.
    public ServerOptions withMaxRequestBytes(long bytes) {
        return new ServerOptions(
                host,
                port,
                eventLoops,
                bytes,
                maxConcurrency,
                pingInterval,
                maxUnsentChars,
                stallTimeout);
    }

    /// The same with another limit of generations.
    public ServerOptions withMaxConcurrency(int generations) {
        return new ServerOptions(
                host,
                port,
                eventLoops,
                maxRequestBytes,
                generations,
                pingInterval,
                maxUnsentChars,
                stallTimeout);
    }

    /// The same with another time of silence.
    public ServerOptions withPingInterval(Duration interval) {
        return new ServerOptions(
                host,
                port,
                eventLoops,
                maxRequestBytes,
                maxConcurrency,
                interval,
                maxUnsentChars,
                stallTimeout);
    }

    /// The same with other limits for slow readers.
    public ServerOptions withSlowReaders(int unsentChars, Duration timeout) {
        return new ServerOptions(
                host,
                port,
                eventLoops,
                maxRequestBytes,
                maxConcurrency,
                pingInterval,
                unsentChars,
                timeout);
    }
}
