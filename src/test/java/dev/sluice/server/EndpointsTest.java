package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.GZIPInputStream;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EndpointsTest {
    private static final String CHAT = "/v1/chat/completions";
    private ParrotServer server;

    @BeforeAll
    void start() {
        server =
                ParrotServer.start(
                        ParrotServer.options()
                                .withSettings(
                                        Map.of("port", 1, "env_config", Map.of("FD_DEBUG", "0"))),
                        ParrotServer.servedModel());
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server.url(path)));
    }

    @Test
    void oneModelIsDescribedOrNotFound() {
        HttpResponse<String> here = server.get("/v1/models/" + ParrotServer.MODEL);
        HttpResponse<String> missing = server.get("/v1/models/other");

        assertThat(here.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(here.body()).getString("id")).isEqualTo(ParrotServer.MODEL);
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(new JsonObject(missing.body()).getJsonObject("error").getString("code"))
                .isEqualTo("model_not_support");
    }

    @Test
    void pingIsHealthByGetAndPost() {
        HttpResponse<String> posted =
                server.send(request("/ping").POST(BodyPublishers.noBody()).build());

        assertThat(server.get("/ping").statusCode()).isEqualTo(200);
        assertThat(posted.statusCode()).isEqualTo(200);
        assertThat(posted.body()).isEmpty();
    }

    @Test
    void tellsItsVersion() {
        JsonObject version = new JsonObject(server.get("/version").body());

        assertThat(version.fieldNames()).containsExactly("version");
        assertThat(version.getString("version")).isNotEmpty();
    }

    @Test
    void loadListsTheRoutesOfTheApi() {
        JsonArray routes = new JsonObject(server.get("/load").body()).getJsonArray("routes");

        assertThat(routes.stream().map(route -> ((JsonObject) route).getString("path")))
                .containsExactly(
                        "/v1/chat/completions", "/v1/completions", "/v1/models", "/v1/models/{id}");
        assertThat(routes.getJsonObject(0))
                .isEqualTo(
                        new JsonObject()
                                .put("path", "/v1/chat/completions")
                                .put("methods", new JsonArray().add("POST"))
                                .put("tags", new JsonArray()));
    }

    @Test
    void theDocumentDescribesWhatIsServed() {
        JsonObject paths =
                new JsonObject(server.get("/openapi.json").body()).getJsonObject("paths");

        for (String path : paths.fieldNames()) {
            for (String method : paths.getJsonObject(path).fieldNames()) {
                HttpResponse<String> response =
                        server.send(
                                request(path.replace("{id}", ParrotServer.MODEL))
                                        .method(
                                                method.toUpperCase(Locale.ROOT),
                                                BodyPublishers.noBody())
                                        .build());

                assertThat(response.statusCode()).as(method + " " + path).isIn(200, 400);
            }
        }
        JsonArray routes = new JsonObject(server.get("/load").body()).getJsonArray("routes");
        assertThat(routes.stream().map(route -> ((JsonObject) route).getString("path")))
                .allMatch(paths::containsKey);
    }

    @Test
    void tokenizesAndDetokenizes() {
        HttpResponse<String> tokens =
                server.post("/tokenize", "{\"prompt\":\"Hi!\",\"return_token_strs\":true}");
        JsonObject answer = new JsonObject(tokens.body());
        HttpResponse<String> text =
                server.post(
                        "/detokenize",
                        new JsonObject().put("tokens", answer.getJsonArray("tokens")).encode());

        assertThat(tokens.statusCode()).isEqualTo(200);
        assertThat(tokens.headers().firstValue("content-type")).contains("application/json");
        assertThat(answer.getInteger("count")).isEqualTo(answer.getJsonArray("tokens").size());
        assertThat(answer.getInteger("max_model_len")).isEqualTo(ParrotServer.MAX_MODEL_LEN);
        assertThat(answer.getJsonArray("token_strs")).hasSameSizeAs(answer.getJsonArray("tokens"));
        assertThat(new JsonObject(text.body()).getString("prompt")).endsWith("Hi!");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/tokenize | {} | 400",
                "/tokenize | {no json | 400",
                "/tokenize | {\"prompt\":\"a\",\"model\":7} | 400",
                "/detokenize | {\"tokens\":[99999999]} | 400",
                "/detokenize | {\"tokens\":\"a\"} | 400",
            })
    void refusesWhatIsNoTokens(String path, String body, int status) {
        HttpResponse<String> response = server.post(path, body);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(new JsonObject(response.body()).getJsonObject("error").getString("type"))
                .isEqualTo("invalid_request_error");
    }

    @Test
    void configInfoTellsTheSettings() {
        JsonObject config = new JsonObject(server.get("/config-info").body());

        assertThat(config.getInteger("port")).isEqualTo(1);
        assertThat(config.getJsonObject("env_config").getString("FD_DEBUG")).isEqualTo("0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/models",
                "/v1/models/org/parrot",
                "/health",
                "/ping",
                "/version",
                "/load",
                "/metrics",
                "/config-info"
            })
    void headIsWhereGetIs(String path) {
        HttpResponse<String> response =
                server.send(request(path).method("HEAD", BodyPublishers.noBody()).build());

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
    }

    @Test
    void metricsMayHaveAPortOfTheirOwn() {
        ListenOptions listen =
                new ListenOptions(
                        "127.0.0.1",
                        0,
                        OptionalInt.of(0),
                        1,
                        Optional.empty(),
                        Duration.ofMinutes(1));
        ServerOptions own =
                ParrotServer.options().withListen(_ -> listen).withSettings(Map.of("port", 7));
        try (ParrotServer apart = ParrotServer.start(own, ParrotServer.servedModel())) {
            URI metrics = URI.create("http://127.0.0.1:" + apart.metricsPort() + "/metrics");

            HttpResponse<String> there = apart.send(HttpRequest.newBuilder(metrics).build());
            HttpResponse<String> config =
                    apart.send(HttpRequest.newBuilder(metrics.resolve("/config-info")).build());
            HttpResponse<String> models =
                    apart.send(HttpRequest.newBuilder(metrics.resolve("/v1/models")).build());

            assertThat(apart.metricsPort()).isNotEqualTo(apart.port());
            assertThat(there.statusCode()).isEqualTo(200);
            assertThat(there.body()).contains("sluice_requests_number_total");
            assertThat(new JsonObject(config.body()).getMap())
                    .containsOnlyKeys(
                            "port", "model", "max_model_len", "kv_tokens", "device_in_use")
                    .containsEntry("port", 7)
                    .containsEntry("device_in_use", "memory");
            assertThat(models.statusCode()).isEqualTo(404);
            assertThat(apart.get("/metrics").statusCode()).isEqualTo(404);
            assertThat(apart.get("/config-info").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void theSamePortIsNoPortOfItsOwn() {
        assertThat(ListenOptions.at("127.0.0.1", 8188).withMetricsPort(8188).metricsPort())
                .isEmpty();
    }

    private static String hello(String content, boolean stream) {
        return new JsonObject()
                .put(
                        "messages",
                        new JsonArray()
                                .add(new JsonObject().put("role", "user").put("content", content)))
                .put("stream", stream)
                .encode();
    }

    private HttpResponse<byte[]> gzipped(HttpRequest.Builder request) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    request.header("accept-encoding", "gzip").build(), BodyHandlers.ofByteArray());
        }
    }

    @Test
    void aLargeAnswerIsCompressedIfAskedFor() throws Exception {
        HttpResponse<byte[]> response = gzipped(request("/metrics"));

        assertThat(response.headers().firstValue("content-encoding")).contains("gzip");
        assertThat(unzipped(response.body())).contains("sluice_requests_number_total");
        assertThat(server.get("/metrics").headers().firstValue("content-encoding")).isEmpty();
    }

    @Test
    void aWholeAnswerIsCompressedAndAStreamNever() throws Exception {
        String longText = "say:" + "x".repeat(400);

        HttpResponse<byte[]> whole = gzipped(post(hello(longText, false)));
        HttpResponse<byte[]> stream = gzipped(post(hello(longText, true)));

        assertThat(whole.statusCode()).isEqualTo(200);
        assertThat(stream.headers().firstValue("content-type").orElseThrow())
                .startsWith("text/event-stream");
        assertThat(stream.headers().firstValue("content-encoding").orElse("identity"))
                .isEqualTo("identity");
        assertThat(new String(stream.body(), StandardCharsets.UTF_8)).startsWith("data: {");
    }

    private HttpRequest.Builder post(String json) {
        return request(CHAT)
                .header("content-type", "application/json")
                .POST(BodyPublishers.ofString(json));
    }

    private static String unzipped(byte[] bytes) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
