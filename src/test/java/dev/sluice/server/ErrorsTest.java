package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.openai.ServedModel;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

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
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErrorsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}]%s}";
    private static final int MAX_BYTES = 4096;
    private ParrotServer server;

    @BeforeAll
    void start() {
        server =
                ParrotServer.start(
                        ParrotServer.options().withMaxRequestBytes(MAX_BYTES),
                        ParrotServer.servedModel(Optional.of("m1")));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static JsonObject error(HttpResponse<String> response) {
        JsonObject error = new JsonObject(response.body()).getJsonObject("error");
        assertThat(error.fieldNames()).containsExactly("message", "type", "param", "code");
        assertThat(error.getString("message")).isNotEmpty();
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        return error;
    }

    private HttpRequest bodiless(String method, String path) {
        return HttpRequest.newBuilder(URI.create(server.url(path)))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/nothing, 404, not_found",
        "POST, /health, 405, method_not_allowed",
        "GET, /v1/chat/completions, 405, method_not_allowed",
        "DELETE, /v1/completions, 405, method_not_allowed"
    })
    void wrongRoutesAndMethodsHaveTheOneShape(String method, String path, int status, String code) {
        HttpResponse<String> response = server.send(bodiless(method, path));

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(error(response).getString("type")).isEqualTo("invalid_request_error");
        assertThat(error(response).getString("code")).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET | /v1/completions | POST",
                "POST | /v1/models/some | GET, HEAD",
                "DELETE | /ping | GET, HEAD, POST",
                "DELETE | /ping/ | GET, HEAD, POST"
            })
    void wrongMethodsAreToldWhatIsAllowed(String method, String path, String allowed) {
        HttpResponse<String> response = server.send(bodiless(method, path));

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("allow")).contains(allowed);
    }

    @Test
    void bodiesOfOtherTypesAreRefused() {
        HttpResponse<String> response = server.send(typed("text/plain"));

        assertThat(response.statusCode()).isEqualTo(415);
        assertThat(error(response).getString("message")).contains("text/plain");
        assertThat(server.send(typed("Application/JSON; charset=utf-8")).statusCode())
                .isEqualTo(200);
    }

    private HttpRequest typed(String type) {
        return HttpRequest.newBuilder(URI.create(server.url(CHAT)))
                .header("content-type", type)
                .POST(HttpRequest.BodyPublishers.ofString(HELLO.formatted("")))
                .build();
    }

    @Test
    void bodiesBeyondTheLimitAreRefused() {
        HttpResponse<String> response = server.post(CHAT, " ".repeat(MAX_BYTES + 1));

        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(error(response).getString("type")).isEqualTo("invalid_request_error");
    }

    @ParameterizedTest
    @CsvSource({
        "guided_json, {\"maxLength\":1e2147483648}",
        "guided_json, {\"minimum\":1e99999999999}",
        "guided_json, {\"minimum\":[1e-99999999999]}",
        "response_format, {\"minimum\":1e99999999999}",
        "tools, [1e99999999999]"
    })
    void exponentsBeyondJavasAreTheFieldsFault(String field, String value) {
        HttpResponse<String> response =
                server.post(CHAT, HELLO.formatted(",\"%s\":%s".formatted(field, value)));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error(response).getString("param")).isEqualTo(field);
        assertThat(error(response).getString("message")).contains("exponent is too large");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"stream\":true"})
    void wrongFieldsAreFoundBeforeAnyStream(String more) {
        HttpResponse<String> response =
                server.post(CHAT, HELLO.formatted(more + ",\"temperature\":-1"));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error(response).getString("param")).isEqualTo("temperature");
        assertThat(error(response).getString("code")).isEqualTo("invalid_value");
    }

    @Test
    void whatTheRouterRefusesByItselfHasAnIdToo() {
        for (String head :
                List.of("GET /v1/models HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n")) {
            try (RawConnection client = new RawConnection(server.port())) {
                client.write((head + "\r\n").getBytes(StandardCharsets.UTF_8));

                assertThat(client.readUntil("\"error\"").received())
                        .startsWith("HTTP/1.1 4")
                        .contains("x-request-id: ");
            }
        }
    }

    @Test
    void malformedJsonBlamesNoField() {
        HttpResponse<String> response = server.post(CHAT, "{\"messages\":[");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error(response).getString("param")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"temperature\":NaN}", "", "{\"messages\":[}"})
    void malformedJsonIsToldWithoutTheParsersOwnWords(String body) {
        HttpResponse<String> response = server.post(CHAT, body);

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error(response).getString("message"))
                .containsPattern("^The body is (empty|not valid JSON at line 1, column \\d+)\\.$");
    }

    @Test
    void endlessNestingIsRefused() {
        HttpResponse<String> response = server.post(CHAT, "[".repeat(2_000));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error(response).getString("message")).contains("nested too deeply");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"model\":\"m1\"", ",\"model\":\"default\"", ",\"model\":null"})
    void aServedNameIsTheNameOfAnswers(String model) {
        HttpResponse<String> response = server.post(CHAT, HELLO.formatted(model));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(new JsonObject(response.body()).getString("model")).isEqualTo("m1");
    }

    @Test
    void anotherNameIsNotFound() {
        HttpResponse<String> response = server.post(CHAT, HELLO.formatted(",\"model\":\"zzz\""));

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(error(response).getString("message"))
                .isEqualTo("Unsupported model: [zzz], support [m1] or default");
        assertThat(error(response).getString("code")).isEqualTo("model_not_support");
        assertThat(error(response).getString("param")).isEqualTo("model");
    }

    @Test
    void modelsAreListedByTheirServedName() {
        JsonObject list = new JsonObject(server.get("/v1/models").body());

        assertThat(list.getString("object")).isEqualTo("list");
        JsonObject model = list.getJsonArray("data").getJsonObject(0);
        assertThat(model.getString("id")).isEqualTo("m1");
        assertThat(model.getInteger("max_model_len")).isEqualTo(ParrotServer.MAX_MODEL_LEN);
        assertThat(server.get("/v1/models/m1").statusCode()).isEqualTo(200);
        assertThat(server.get("/v1/models/m2").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({"abc-123, true", "a b, false", "a\"b, false"})
    void aRequestIdIsEchoedIfItIsFitForALog(String id, boolean echoed) {
        HttpResponse<String> response =
                server.send(
                        HttpRequest.newBuilder(URI.create(server.url("/health")))
                                .header("x-request-id", id)
                                .build());

        String answered = response.headers().firstValue("x-request-id").orElseThrow();
        assertThat(answered.equals(id)).isEqualTo(echoed);
        assertThat(answered).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/completions, 'Expect: miracles', 417",
        "/health, 'Content-Length: 1\r\nContent-Length: 2', 400",
        "/health, 'no header', 400",
        "/health, 'X: %s', 431",
        "/health?%s, 'X: 1', 414"
    })
    void wrongHeadsHaveTheOneShape(String path, String header, int status) {
        String head = "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n".formatted(path, header);
        try (RawConnection client = new RawConnection(server.port())) {
            client.write(head.replace("%s", "a".repeat(9000)).getBytes(StandardCharsets.UTF_8));

            String received = client.readUntil("}}").received();
            JsonObject body = new JsonObject(received.substring(received.indexOf("\r\n\r\n")));
            assertThat(received).startsWith("HTTP/1.").contains(" " + status + " ");
            assertThat(body.getJsonObject("error").fieldNames())
                    .containsExactly("message", "type", "param", "code");
        }
    }

    @Test
    void bytesThatAreNoHttpDoNoHarm() {
        try (RawConnection client = new RawConnection(server.port())) {
            client.write(new byte[] {0, 1, 2, 3, '\r', '\n', '\r', '\n'});

            assertThat(client.drain()).isLessThan(1000);
        }
        assertThat(server.get("/health").statusCode()).isEqualTo(200);
    }

    @Test
    void onlySoManyGenerationsAreUnderWay() {
        try (ParrotServer few =
                ParrotServer.start(
                                ParrotServer.options().withMaxConcurrency(5),
                                ParrotServer.servedModel())
                        .slow(Duration.ofMillis(2))) {
            String stream = HELLO.replace("say:Hello!", "forever").formatted(",\"stream\":true");
            List<RawConnection> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                clients.add(new RawConnection(few.port()).post(CHAT, stream).readUntil("data: "));
            }

            HttpResponse<String> refused = few.post(CHAT, HELLO.formatted(""));
            clients.forEach(RawConnection::close);
            few.awaitStats(s -> s.running() == 0);

            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("retry-after")).contains("1");
            JsonObject body = new JsonObject(refused.body());
            assertThat(body.getString("detail"))
                    .isEqualTo("Too many requests,current max concurrency is 5");
            assertThat(body.getJsonObject("error").getString("type")).isEqualTo("rate_limit_error");
            assertThat(few.post(CHAT, HELLO.formatted("")).statusCode()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAnswerThatCantBeMadeIsAFaultOfTheServer(boolean stream) {
        ServedModel model = ParrotServer.servedModel();
        ServedModel broken =
                new ServedModel(
                        model.name(),
                        model.servedName(),
                        model.root(),
                        new WithoutVocabulary(),
                        model.template(),
                        model.specialTokens(),
                        model.defaults(),
                        model.options(),
                        model.maxModelLen(),
                        model.created(),
                        model.eosIds());
        try (ParrotServer faulty = ParrotServer.start(ParrotServer.options(), broken)) {
            HttpResponse<String> response =
                    faulty.post(CHAT, HELLO.formatted(",\"stream\":" + stream));

            assertThat(response.statusCode()).isEqualTo(500);
            assertThat(error(response).getString("type")).isEqualTo("internal_error");
            assertThat(response.body()).doesNotContain("on purpose");
        }
    }

    private static final class WithoutVocabulary implements Tokenizer {
        private final ByteTokenizer bytes = new ByteTokenizer();

        @Override
        public TokenIds encode(String text, boolean addSpecial) {
            return bytes.encode(text, addSpecial);
        }

        @Override
        public Vocabulary vocabulary() {
            throw new IllegalStateException("on purpose");
        }

        @Override
        public String decode(TokenIds ids, boolean skipSpecial) {
            return bytes.decode(ids, skipSpecial);
        }
    }
}
