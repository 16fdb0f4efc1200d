package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Where redirects may lead, and the token with them; how often a server is asked; what becomes of
/// a part that is here.
class HttpFilesTest {
    @TempDir private Path directory;
    private final HttpFiles files = new HttpFiles(Optional.of("hf_secret"), Duration.ofMillis(1));
    private final AtomicReference<String> location = new AtomicReference<>("");
    private final AtomicInteger numRequests = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    try (exchange) {
                        numRequests.incrementAndGet();
                        exchange.getResponseHeaders().set("Location", location.get());
                        exchange.sendResponseHeaders(302, -1);
                    }
                });
        server.start();
    }

    @AfterEach
    void stopServer() {
        server.stop(0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:/etc/hostname",
                "ftp://127.0.0.1/x",
                "mailto:a@b",
                "ht tp:|",
                "http:///x"
            })
    void aRedirectToSomethingElseThanHttpIsRefusedAtOnce(String target) {
        location.set(target);
        URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/model");

        assertThatThrownBy(() -> files.text(address, HttpFiles.Patience.LONG))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        address
                                + " redirects to "
                                + target
                                + ", which is no address of http or https");
        assertThat(numRequests).hasValue(1);
    }

    @Test
    void anAddressThatIsNotOfHttpIsRefused() {
        URI address = URI.create("hub.example/api");

        assertThatThrownBy(() -> files.text(address, HttpFiles.Patience.LONG))
                .isInstanceOf(IOException.class)
                .hasMessage("hub.example/api is no address of http or https");
    }

    @ParameterizedTest
    @CsvSource({"429, 3600, 1", "503, 3600, 1", "429, 2, 5", "429, '', 5", "404, '', 1"})
    void asksAgainWhereThatMayHelpSoon(int status, String retryAfter, int tries) {
        server.createContext(
                "/busy",
                exchange -> {
                    try (exchange) {
                        numRequests.incrementAndGet();
                        exchange.getResponseHeaders().set("Retry-After", retryAfter);
                        exchange.sendResponseHeaders(status, -1);
                    }
                });
        URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/busy");

        assertThatThrownBy(() -> files.text(address, HttpFiles.Patience.LONG))
                .isInstanceOf(HttpFiles.Refused.class);
        assertThat(numRequests).hasValue(tries);
    }

    /// A file of a server that either refuses ranges or does not know them.
    private URI file(String content, boolean refusesRanges) {
        server.createContext(
                "/file",
                exchange -> {
                    try (exchange) {
                        boolean isRange = exchange.getRequestHeaders().containsKey("Range");
                        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
                        if (isRange && refusesRanges) {
                            exchange.sendResponseHeaders(416, -1);
                        } else {
                            exchange.sendResponseHeaders(200, bytes.length);
                            exchange.getResponseBody().write(bytes);
                        }
                    }
                });
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/file");
    }

    @ParameterizedTest
    @CsvSource({"true, whole", "false, who", "false, xxx"})
    void beginsAnewWhereAServerDoesNotGoOn(boolean refusesRanges, String there) throws IOException {
        Path part = Files.writeString(directory.resolve("part"), there);

        files.file(file("whole", refusesRanges), part, OptionalLong.empty(), _ -> {});

        assertThat(part).hasContent("whole");
    }

    @Test
    void waitsNoLongerThanItMay() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            URI address = URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/");
            Duration limit = Duration.ofMillis(50);

            assertThatThrownBy(() -> files.text(address, new HttpFiles.Patience(1, limit, limit)))
                    .isInstanceOf(SocketTimeoutException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://hub.example/a, https://hub.example/b, true",
        "https://hub.example/a, HTTPS://hub.example/b, true",
        "http://hub.example/a, http://hub.example/b, true",
        "http://hub.example/a, https://hub.example/b, true",
        "https://hub.example/a, http://hub.example/b, false",
        "https://hub.example/a, https://storage.example/b, false",
        "https://hub.example/a, https://hub.example:8443/b, false"
    })
    void theTokenStaysWithItsHostAndIsNeverLessSafe(URI first, URI at, boolean may) {
        assertThat(HttpFiles.mayHaveToken(first, at)).isEqualTo(may);
    }
}
