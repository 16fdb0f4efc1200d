package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.BracketCalls;
import dev.sluice.testing.ForcedTokens;
import dev.sluice.testing.SelfSigned;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

import javax.net.ssl.SSLException;

/// What an operator writes into a file, on the command line and into the environment of the
/// launcher, all at once: keys, TLS, a parser of the operator's own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperatorsFlagsIT {
    private static final String[] KEY = {"authorization", "Bearer k1"};

    @TempDir private static Path folder;

    private SluiceServer server;
    private SelfSigned tls;
    private ApiClient api;

    @BeforeAll
    void start() throws IOException {
        tls = SelfSigned.make(folder);
        Path config =
                Files.writeString(
                        folder.resolve("sluice.yaml"),
                        """
                        max-model-len: 256
                        served_model_name: from-the-file
                        logits-processors: [%s]
                        tool-parser-plugin: %s
                        tool-call-parser: bracket_calls
                        reasoning-parser: deepseek
                        ssl-certfile: %s
                        """
                                .formatted(
                                        ForcedTokens.class.getName(),
                                        BracketCalls.class.getName(),
                                        tls.certificate()));
        server =
                SluiceServer.start(
                        Map.of(
                                "SLUICE_CLASSPATH",
                                Path.of("target/test-classes").toAbsolutePath().toString(),
                                "SLUICE_SSL_KEYFILE",
                                tls.key().toString(),
                                "SLUICE_MAX_MODEL_LEN",
                                "384"),
                        "--config",
                        config.toString(),
                        "--api-key",
                        "k1",
                        "--served-model-name",
                        "from-the-line");
        api = new ApiClient(server.url(), tls.trusting());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    @Test
    void theLineWinsOverTheEnvironmentAndThatOverTheFile() {
        JsonObject model = api.get("/v1/models", KEY).json().getJsonArray("data").getJsonObject(0);

        assertThat(model.getString("id")).isEqualTo("from-the-line");
        assertThat(model.getInteger("max_model_len")).isEqualTo(384);
    }

    @Test
    void theServerSpeaksTlsAndNothingElse() {
        assertThat(server.url()).startsWith("https://127.0.0.1:");
        assertThat(api.get("/health").status()).isEqualTo(200);
        try (ApiClient stranger = new ApiClient(server.url());
                ApiClient plain = new ApiClient(server.url().replace("https:", "http:"))) {
            assertThatThrownBy(() -> stranger.get("/health"))
                    .hasCauseInstanceOf(SSLException.class);
            assertThatThrownBy(() -> plain.get("/health")).hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void aKeyIsAskedFor() {
        JsonObject request = user("Hi").put("max_tokens", 2);

        Reply without = api.chat(request);
        Reply with = api.post(ApiClient.CHAT, request, KEY);

        assertThat(without.status()).isEqualTo(401);
        assertThat(without.error().getString("code")).isEqualTo("invalid_api_key");
        assertThat(with.status()).as(with.body()).isEqualTo(200);
    }

    @Test
    void theOperatorsParserFindsTheCalls() {
        JsonObject request = saying("I look. [[get_weather {\"city\": \"Paris\"}]]<|im_end|>");

        Reply whole = api.post(ApiClient.CHAT, request, KEY);
        SseEvents streamed =
                api.post(ApiClient.CHAT, request.copy().put("stream", true), KEY).events();

        assertThat(whole.status()).as(whole.body()).isEqualTo(200);
        assertThat(whole.choice().getString("finish_reason")).isEqualTo("tool_calls");
        assertThat(whole.text()).isEqualTo("I look. ");
        JsonObject call = whole.message().getJsonArray("tool_calls").getJsonObject(0);
        assertThat(call.getJsonObject("function"))
                .isEqualTo(
                        new JsonObject()
                                .put("name", "get_weather")
                                .put("arguments", "{\"city\": \"Paris\"}"));
        assertThat(streamed.text(0)).isEqualTo("I look. ");
        assertThat(arguments(streamed)).isEqualTo("{\"city\": \"Paris\"}");
        assertThat(streamed.choices(0).getLast().getString("finish_reason"))
                .isEqualTo("tool_calls");
    }

    @Test
    void markersOfSeveralTokensTellTheThinking() {
        String begun = "<think>Let me see.</think>\n\nIt is 4.<|im_end|>";
        String unbegun = "Let me see.</think>\n\nIt is 4.<|im_end|>";

        for (String text : List.of(begun, unbegun)) {
            Reply reply = api.post(ApiClient.CHAT, saying(text), KEY);

            assertThat(reply.text()).isEqualTo("It is 4.");
            assertThat(reply.message().getString("reasoning_content")).isEqualTo("Let me see.");
        }
    }

    @Test
    void thinkingAndAnswerHaveLimitsOfTheirOwn() {
        JsonObject request =
                user("What is 2 + 2?")
                        .put("chat_template", "{{ messages[0]['content'] }}\n<think>\n")
                        .put("reasoning_max_tokens", 6)
                        .put("response_max_tokens", 5)
                        .put("ignore_eos", true);
        int marker = tokens("</think>").size();

        Reply reply = api.post(ApiClient.CHAT, request, KEY);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(marker).isGreaterThan(1);
        assertThat(reply.usage().getInteger("completion_tokens")).isEqualTo(6 + marker + 5);
        assertThat(reply.choice().getString("finish_reason")).isEqualTo("length");
    }

    private JsonArray tokens(String text) {
        return api.post(
                        "/tokenize",
                        new JsonObject().put("prompt", text).put("add_special_tokens", false),
                        KEY)
                .json()
                .getJsonArray("tokens");
    }

    private JsonObject saying(String text) {
        return user("What is the weather in Paris?")
                .put("max_tokens", 100)
                .put(
                        "tools",
                        new JsonArray(
                                "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}]"))
                .put(
                        "logits_processors_args",
                        new JsonObject().put("forced_token_ids", tokens(text)));
    }

    private static String arguments(SseEvents events) {
        List<JsonArray> calls =
                events.choices(0).stream()
                        .map(choice -> choice.getJsonObject("delta").getJsonArray("tool_calls"))
                        .filter(Objects::nonNull)
                        .toList();
        return calls.stream()
                .flatMap(array -> array.stream().map(JsonObject.class::cast))
                .map(call -> call.getJsonObject("function").getString("arguments"))
                .filter(Objects::nonNull)
                .collect(Collectors.joining());
    }
}
