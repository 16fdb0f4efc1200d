package dev.sluice.model;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/// GET over HTTP: small texts, and large files that go on where an earlier try stopped.
///
/// Redirects are followed here and not by the JDK, because the token must not travel to another
/// host.
final class HttpFiles {
    private static final Logger LOG = LoggerFactory.getLogger(HttpFiles.class);
    private static final int MAX_REDIRECTS = 8;
    private static final int MAX_RETRY_AFTER_SECONDS = 8;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    static final int TOO_MANY_REQUESTS = 429;

    private final Optional<String> token;
    private final Duration firstPause;

    /// @param token sent as a bearer token to the host of the first address only, and never in
    ///   clear text where that address is one of https
    /// @param firstPause pause before the second try; doubles with each
    HttpFiles(Optional<String> token, Duration firstPause) {
        this.token = token;
        this.firstPause = firstPause;
    }

    /// How long a server may take, and how often it is asked.
    record Patience(int maxTries, Duration connect, Duration read) {
        /// Where there is no other way to a file.
        static final Patience LONG =
                new Patience(5, Duration.ofSeconds(10), Duration.ofSeconds(30));

        /// Where there is something to go on with in place of the answer.
        static final Patience BRIEF = new Patience(1, Duration.ofSeconds(5), Duration.ofSeconds(5));
    }

    /// A server said no.
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;
        private final long retryAfterSeconds;

        /// @param retryAfterSeconds 0 where the server names no time
        Refused(int status, long retryAfterSeconds, URI address) {
            super(address + " answered " + status);
            this.status = status;
            this.retryAfterSeconds = retryAfterSeconds;
        }

        int status() {
            return status;
        }
    }

    /// Fetches a small text.
    String text(URI address, Patience patience) throws IOException {
        return withRetries(
                address,
                patience,
                () -> {
                    HttpURLConnection connection = open(address, 0, patience);
                    expect(connection, address, HttpURLConnection.HTTP_OK);
                    try (InputStream in = connection.getInputStream()) {
                        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    }
                });
    }

    /// Fetches a file; bytes that are in `part` already are not fetched again.
    ///
    /// @param part appended to; holds the whole when this returns
    /// @param received called with the bytes that are here so far
    void file(URI address, Path part, OptionalLong size, LongConsumer received) throws IOException {
        withRetries(
                address,
                Patience.LONG,
                () -> {
                    append(address, part, size, received);
                    return part;
                });
    }

    private void append(URI address, Path part, OptionalLong size, LongConsumer received)
            throws IOException {
        long have = Files.exists(part) ? Files.size(part) : 0;
        if (size.isPresent() && have == size.getAsLong()) {
            return;
        }
        if (size.isPresent() && have > size.getAsLong()) {
            Files.delete(part);
            have = 0;
        }
        HttpURLConnection connection = open(address, have, Patience.LONG);
        int status = connection.getResponseCode();
        if (status == RANGE_NOT_SATISFIABLE) {
            Files.delete(part);
            throw new IOException(address + " does not go on at byte " + have);
        }
        if (status != HttpURLConnection.HTTP_PARTIAL) {
            expect(connection, address, HttpURLConnection.HTTP_OK);
            have = 0;
        }
        long expected = have + connection.getContentLengthLong();
        long total = copy(connection, part, have, received);
        boolean lengthIsKnown = connection.getContentLengthLong() >= 0;
        if (lengthIsKnown && total != expected) {
            throw new IOException(address + " broke off at byte " + total + " of " + expected);
        }
    }

    private static long copy(
            HttpURLConnection connection, Path part, long have, LongConsumer received)
            throws IOException {
        StandardOpenOption mode =
                have > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING;
        long total = have;
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream in = connection.getInputStream();
                OutputStream out =
                        Files.newOutputStream(
                                part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, mode)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                total += n;
                received.accept(total);
            }
        }
        return total;
    }

    private HttpURLConnection open(URI address, long from, Patience patience) throws IOException {
        URI at = http(address);
        for (int i = 0; i < MAX_REDIRECTS; i++) {
            HttpURLConnection connection = (HttpURLConnection) at.toURL().openConnection();
            connection.setInstanceFollowRedirects(false);
            connection.setConnectTimeout((int) patience.connect().toMillis());
            connection.setReadTimeout((int) patience.read().toMillis());
            connection.setRequestProperty("User-Agent", "sluice");
            connection.setRequestProperty("Accept-Encoding", "identity");
            if (from > 0) {
                connection.setRequestProperty("Range", "bytes=" + from + "-");
            }
            if (token.isPresent() && mayHaveToken(address, at)) {
                connection.setRequestProperty("Authorization", "Bearer " + token.get());
            }
            Optional<String> location = redirect(connection);
            if (location.isEmpty()) {
                return connection;
            }
            connection.disconnect();
            at = follow(at, location.get());
        }
        throw new IOException(address + " redirects in circles");
    }

    /// Whether the token for an address may go to another, to which the first has led.
    static boolean mayHaveToken(URI first, URI at) {
        return at.getRawAuthority().equals(first.getRawAuthority())
                && (isHttps(at) || !isHttps(first));
    }

    private static boolean isHttps(URI address) {
        return address.getScheme().equalsIgnoreCase("https");
    }

    private static URI follow(URI from, String location) throws MalformedURLException {
        try {
            return http(from.resolve(location));
        } catch (IllegalArgumentException | MalformedURLException e) {
            MalformedURLException refusal =
                    new MalformedURLException(
                            "%s redirects to %s, which is no address of http or https"
                                    .formatted(from, location));
            refusal.initCause(e);
            throw refusal;
        }
    }

    /// @throws MalformedURLException if it has another scheme, or no host
    private static URI http(URI address) throws MalformedURLException {
        boolean isHttp =
                "http".equalsIgnoreCase(address.getScheme())
                        || "https".equalsIgnoreCase(address.getScheme());
        if (!isHttp || address.getRawAuthority() == null) {
            throw new MalformedURLException(address + " is no address of http or https");
        }
        return address;
    }

    private static Optional<String> redirect(HttpURLConnection connection) throws IOException {
        return switch (connection.getResponseCode()) {
            case 301, 302, 303, 307, 308 ->
                    Optional.ofNullable(connection.getHeaderField("Location"));
            default -> Optional.empty();
        };
    }

    private static void expect(HttpURLConnection connection, URI address, int status)
            throws IOException {
        if (connection.getResponseCode() != status) {
            connection.disconnect();
            throw new Refused(
                    connection.getResponseCode(),
                    connection.getHeaderFieldLong("Retry-After", 0),
                    address);
        }
    }

    private interface Attempt<T> {
        T run() throws IOException;
    }

    private <T> T withRetries(URI address, Patience patience, Attempt<T> attempt)
            throws IOException {
        long pause = firstPause.toMillis();
        for (int tries = 1; ; tries++) {
            try {
                return attempt.run();
            } catch (IOException e) {
                if (tries == patience.maxTries() || !isWorthRetrying(e)) {
                    throw e;
                }
                if (tries == 1) {
                    LOG.warn(
                            "{} is asked again, {} times at most: {}",
                            address,
                            patience.maxTries() - 1,
                            e.getMessage());
                }
            }
            sleep(pause);
            pause *= 2;
        }
    }

    private static boolean isWorthRetrying(IOException e) {
        return switch (e) {
            case Refused refused ->
                    (refused.status >= 500 || refused.status == TOO_MANY_REQUESTS)
                            && refused.retryAfterSeconds <= MAX_RETRY_AFTER_SECONDS;
            case java.net.UnknownHostException _, java.net.ConnectException _ -> false;
            case MalformedURLException _ -> false;
            case javax.net.ssl.SSLHandshakeException _ -> false;
            default -> true;
        };
    }

    private static void sleep(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
