package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}]}";
    private static final String ORIGIN = "https://app.example";
    private ParrotServer server;

    @BeforeAll
    void start() {
        AccessOptions access = new AccessOptions(List.of("k1", "", "k2"), List.of(ORIGIN));
        server =
                ParrotServer.start(
                        ParrotServer.options().withAccess(access), ParrotServer.servedModel());
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url(path)));
    }

    private HttpResponse<String> chat(String authorization, String body) {
        return server.send(
                request(CHAT)
                        .header("content-type", "application/json")
                        .header("authorization", authorization)
                        .POST(BodyPublishers.ofString(body))
                        .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer k1", "bearer k2", "BEARER  k1 "})
    void aKnownKeyOpens(String authorization) {
        assertThat(chat(authorization, HELLO).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer k3", "Bearer", "Bearer ", "k1", "Basic k1", "Bearer k1k2"})
    void anythingElseIsRefusedBeforeTheBodyIsLookedAt(String authorization) {
        HttpResponse<String> response = chat(authorization, "{no json");

        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("www-authenticate")).contains("Bearer");
        JsonObject error = new JsonObject(response.body()).getJsonObject("error");
        assertThat(error.fieldNames()).containsExactly("message", "type", "param", "code");
        assertThat(error.getString("type")).isEqualTo("authentication_error");
        assertThat(error.getString("code")).isEqualTo("invalid_api_key");
    }

    @Test
    void aBodyThatNeverComesIsNotWaitedFor() {
        try (RawConnection client = new RawConnection(server.port())) {
            client.write(
                    ("POST " + CHAT + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));

            assertThat(client.readUntil("invalid_api_key").received()).startsWith("HTTP/1.1 401");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/models, 401",
        "//v1/models, 401",
        "/v1/../v1/models, 401",
        "/%76%31/models, 401",
        "/v1/nothing, 401",
        "/v1, 401",
        "/health, 200",
        "/ping, 200",
        "/metrics, 200",
        "/load, 200",
        "/version, 200"
    })
    void onlyWhatIsUnderV1IsLocked(String path, int status) {
        try (RawConnection client = new RawConnection(server.port())) {
            client.write(
                    ("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));

            assertThat(client.readUntil("\r\n").received()).startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void aPreflightNeedsNoKey() {
        HttpResponse<String> response =
                server.send(
                        request(CHAT)
                                .header("origin", ORIGIN)
                                .header("access-control-request-method", "POST")
                                .header(
                                        "access-control-request-headers",
                                        "authorization,content-type,x-stainless-os")
                                .method("OPTIONS", BodyPublishers.noBody())
                                .build());

        assertThat(response.statusCode()).isBetween(200, 204);
        assertThat(response.headers().firstValue("access-control-allow-origin")).contains(ORIGIN);
        assertThat(response.headers().firstValue("access-control-allow-methods").orElseThrow())
                .contains("POST");
        assertThat(response.headers().firstValue("access-control-allow-headers").orElseThrow())
                .contains("authorization", "x-stainless-os");
    }

    @Test
    void aPageOfAKnownOriginMayReadAnswersAndErrors() {
        HttpResponse<String> answer =
                server.send(
                        request("/v1/models")
                                .header("origin", ORIGIN)
                                .header("authorization", "Bearer k1")
                                .build());
        HttpResponse<String> refusal =
                server.send(request("/v1/models").header("origin", ORIGIN).build());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("access-control-allow-origin")).contains(ORIGIN);
        assertThat(answer.headers().firstValue("access-control-expose-headers").orElseThrow())
                .contains("x-request-id", "x-sluice-not-enforced");
        assertThat(refusal.statusCode()).isEqualTo(401);
        assertThat(refusal.headers().firstValue("access-control-allow-origin")).contains(ORIGIN);
    }

    @Test
    void aPageOfAnotherOriginMayNotAsk() {
        HttpResponse<String> response =
                server.send(
                        request("/v1/models")
                                .header("origin", "https://evil.example")
                                .header("authorization", "Bearer k1")
                                .build());

        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(new JsonObject(response.body()).getJsonObject("error").getString("message"))
                .contains("--cors-origin");
    }

    @Test
    void withoutKeysAnyHeaderIsAccepted() {
        try (ParrotServer open = ParrotServer.start()) {
            HttpResponse<String> response =
                    open.send(
                            HttpRequest.newBuilder(URI.create(open.url("/v1/models")))
                                    .header("authorization", "Bearer null")
                                    .header("origin", ORIGIN)
                                    .build());

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("access-control-allow-origin")).isEmpty();
        }
    }

    @Test
    void keysAreInNoText() {
        assertThat(new AccessOptions(List.of("s3cret"), List.of()).toString())
                .isEqualTo("AccessOptions[1 keys, origins=[]]");
    }
}
