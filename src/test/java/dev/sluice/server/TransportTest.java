package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SelfSigned;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

class TransportTest {
    private static final String STREAM =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}],\"stream\":true}";

    @TempDir private Path directory;

    private static HttpResponse<String> stream(HttpClient http, URI server) throws Exception {
        return http.send(
                HttpRequest.newBuilder(server.resolve("/v1/chat/completions"))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(STREAM))
                        .build(),
                BodyHandlers.ofString());
    }

    private static void awaitHealth(HttpClient http, URI server) throws Exception {
        HttpRequest health = HttpRequest.newBuilder(server.resolve("/health")).build();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (http.send(health, BodyHandlers.discarding()).statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Version.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void servesOverTlsAsTheClientChooses(Version version) throws Exception {
        SelfSigned pair = SelfSigned.make(directory);
        TlsFiles files = new TlsFiles(pair.key().toString(), pair.certificate().toString());
        ServerOptions options = ParrotServer.options().withListen(o -> o.withTls(files));
        try (ParrotServer server = ParrotServer.startEmpty(options, ParrotServer.servedModel());
                HttpClient http =
                        HttpClient.newBuilder()
                                .version(version)
                                .sslContext(pair.trusting())
                                .build()) {
            URI url = URI.create("https://127.0.0.1:" + server.port());
            server.loadWithoutWaiting(ParrotServer.config());
            awaitHealth(http, url);

            HttpResponse<String> response = stream(http, url);

            assertThat(response.version()).isEqualTo(version);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).endsWith("data: [DONE]\n\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2", "http/1.1", "http/1.0"})
    void agreesWithTheClientOnAVersionWhileShakingHands(String version) throws Exception {
        SelfSigned pair = SelfSigned.make(directory);
        TlsFiles files = new TlsFiles(pair.key().toString(), pair.certificate().toString());
        ServerOptions options = ParrotServer.options().withListen(o -> o.withTls(files));
        try (ParrotServer server = ParrotServer.startEmpty(options, ParrotServer.servedModel());
                SSLSocket socket =
                        (SSLSocket)
                                pair.trusting()
                                        .getSocketFactory()
                                        .createSocket("127.0.0.1", server.port())) {
            SSLParameters offer = socket.getSSLParameters();
            offer.setApplicationProtocols(new String[] {version});
            socket.setSSLParameters(offer);

            socket.startHandshake();

            assertThat(socket.getApplicationProtocol()).isEqualTo(version);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Version.class,
            names = {"HTTP_1_1", "HTTP_2"})
    void servesPlainTextInBothVersions(Version version) throws Exception {
        try (ParrotServer server = ParrotServer.start();
                HttpClient http = HttpClient.newBuilder().version(version).build()) {
            HttpResponse<String> response = stream(http, URI.create(server.url("/")));

            assertThat(response.version()).isEqualTo(version);
            assertThat(response.body()).endsWith("data: [DONE]\n\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "keep-alive"})
    void streamsToOldClientsAreTextUntilTheEnd(String connection) {
        try (ParrotServer server = ParrotServer.start();
                RawConnection client = new RawConnection(server.port())) {
            client.write(
                    "POST %s HTTP/1.0\r\nConnection: %s\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted("/v1/chat/completions", connection, STREAM.length(), STREAM)
                            .getBytes(StandardCharsets.UTF_8));

            String received = client.readUntil("[DONE]\n\n").received();
            assertThat(received).startsWith("HTTP/1.0 200").endsWith("}\n\ndata: [DONE]\n\n");
            assertThat(received).containsIgnoringCase("connection: close\r\n");
            assertThat(received).doesNotContainIgnoringCase("transfer-encoding");
            assertThat(received).contains("\r\n\r\ndata: {");
            assertThat(client.drain()).isZero();
        }
    }

    @Test
    void saysInOneSentenceThatACertificateIsNone() throws IOException {
        Path wrong = Files.writeString(directory.resolve("wrong.pem"), "no certificate");
        TlsFiles files = new TlsFiles(wrong.toString(), wrong.toString());
        ServerOptions options = ParrotServer.options().withListen(o -> o.withTls(files));

        assertThatThrownBy(() -> ParrotServer.startEmpty(options, ParrotServer.servedModel()))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("--ssl-certfile");
    }
}
