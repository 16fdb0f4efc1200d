package dev.sluice.server;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/// How the HTTP server is set up. Immutable.
///
/// @param listen where it listens
/// @param bodies how much of the bodies of requests is held
/// @param admission how much is let in at once
/// @param access who may ask
/// @param streams how streams treat silence and slow readers
/// @param settings what `/config-info` tells: names and values, nothing secret
public record ServerOptions(
        ListenOptions listen,
        BodyOptions bodies,
        AdmissionOptions admission,
        AccessOptions access,
        StreamOptions streams,
        Map<String, Object> settings) {
    public ServerOptions {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /// The defaults of the parts.
    public static ServerOptions at(String host, int port) {
        return new ServerOptions(
                ListenOptions.at(host, port),
                BodyOptions.DEFAULT,
                AdmissionOptions.DEFAULT,
                AccessOptions.OPEN,
                StreamOptions.DEFAULT,
                Map.of());
    }

    /// Address to listen on.
    public String host() {
        return listen.host();
    }

    /// Port to listen on; 0 for any that is free.
    public int port() {
        return listen.port();
    }

    /// Time of silence after which a stream gets a comment.
    public Duration pingInterval() {
        return streams.pingInterval();
    }

    /// Text of one stream that may wait for its client.
    public int maxUnsentChars() {
        return streams.maxUnsentChars();
    }

    /// Time after which a client that takes nothing is cut off.
    public Duration stallTimeout() {
        return streams.stallTimeout();
    }

    /// The same listening otherwise.
    public ServerOptions withListen(UnaryOperator<ListenOptions> change) {
        ListenOptions other = change.apply(listen);
        return new ServerOptions(other, bodies, admission, access, streams, settings);
    }

    /// The same with another number of event loops.
    public ServerOptions withEventLoops(int loops) {
        return withListen(options -> options.withEventLoops(loops));
    }

    /// The same with another limit of bodies.
    public ServerOptions withMaxRequestBytes(long bytes) {
        return withBodies(BodyOptions.upTo(bytes));
    }

    /// The same holding another amount of bodies.
    public ServerOptions withBodies(BodyOptions other) {
        return new ServerOptions(listen, other, admission, access, streams, settings);
    }

    /// The same letting in another number at once.
    public ServerOptions withAdmission(AdmissionOptions other) {
        return new ServerOptions(listen, bodies, other, access, streams, settings);
    }

    /// The same with another limit of generations.
    public ServerOptions withMaxConcurrency(int generations) {
        return withAdmission(admission.withMaxConcurrency(generations));
    }

    /// The same for others.
    public ServerOptions withAccess(AccessOptions other) {
        return new ServerOptions(listen, bodies, admission, other, streams, settings);
    }

    /// The same with another time of silence.
    public ServerOptions withPingInterval(Duration interval) {
        return withStreams(new StreamOptions(interval, maxUnsentChars(), stallTimeout()));
    }

    /// The same with other limits for slow readers.
    public ServerOptions withSlowReaders(int unsentChars, Duration timeout) {
        return withStreams(new StreamOptions(pingInterval(), unsentChars, timeout));
    }

    private ServerOptions withStreams(StreamOptions other) {
        return new ServerOptions(listen, bodies, admission, access, other, settings);
    }

    /// The same telling other settings.
    public ServerOptions withSettings(Map<String, Object> other) {
        return new ServerOptions(listen, bodies, admission, access, streams, other);
    }
}
