package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatApiTest {
    private static final String CHAT = "/v1/chat/completions";
    private ParrotServer server;

    @BeforeAll
    void start() {
        server = ParrotServer.start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static JsonObject request(String content) {
        return new JsonObject()
                .put("temperature", 0)
                .put(
                        "messages",
                        List.of(new JsonObject().put("role", "user").put("content", content)));
    }

    private JsonObject ask(JsonObject request) {
        HttpResponse<String> response = server.post(CHAT, request.encode());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    private static JsonObject choice(JsonObject answer) {
        return answer.getJsonArray("choices").getJsonObject(0);
    }

    private static String content(JsonObject answer) {
        return choice(answer).getJsonObject("message").getString("content");
    }

    @Test
    void answersAChatWithEveryFieldOfTheContract() {
        JsonObject answer = ask(request("say:Hello!"));

        assertThat(answer.fieldNames())
                .containsExactly("id", "object", "created", "model", "choices", "usage");
        assertThat(answer.getString("id")).startsWith("chatcmpl-");
        assertThat(answer.getString("object")).isEqualTo("chat.completion");
        assertThat(answer.getString("model")).isEqualTo(ParrotServer.MODEL);
        assertThat(answer.getJsonArray("choices")).hasSize(1);
        assertThat(choice(answer).fieldNames())
                .containsExactly("index", "message", "logprobs", "draft_logprobs", "finish_reason");
        assertThat(choice(answer).getString("finish_reason")).isEqualTo("stop");
        JsonObject message = choice(answer).getJsonObject("message");
        assertThat(message.fieldNames())
                .containsExactly(
                        "role",
                        "content",
                        "reasoning_content",
                        "tool_calls",
                        "prompt_token_ids",
                        "completion_token_ids",
                        "prompt_tokens",
                        "completion_tokens");
        assertThat(message.getString("role")).isEqualTo("assistant");
        assertThat(message.getString("content")).isEqualTo("Hello!");
        JsonObject usage = answer.getJsonObject("usage");
        assertThat(usage.getInteger("completion_tokens")).isEqualTo(7);
        assertThat(usage.getInteger("total_tokens"))
                .isEqualTo(usage.getInteger("prompt_tokens") + 7);
        assertThat(usage.getJsonObject("prompt_tokens_details").getInteger("cached_tokens"))
                .isZero();
        assertThat(usage.getJsonObject("completion_tokens_details").getInteger("reasoning_tokens"))
                .isZero();
    }

    @Test
    void bringsAllLanguagesAndControlCharactersThroughUnharmed() {
        String text =
                "\u0000\u0001 \ud83d\ude00 \u00e4\u00f6 \u4f60\u597d \u0441\u043b\u043e\u043d \u0623\"\\\n";

        assertThat(content(ask(request("say:" + text)))).isEqualTo(text);
    }

    @Test
    void oneTokenIsOneToken() {
        JsonObject answer = ask(request("say:Hello!").put("max_tokens", 1));

        assertThat(content(answer)).isEqualTo("H");
        assertThat(choice(answer).getString("finish_reason")).isEqualTo("length");
        assertThat(answer.getJsonObject("usage").getInteger("completion_tokens")).isEqualTo(1);
    }

    @Test
    void maxCompletionTokensWins() {
        JsonObject answer =
                ask(request("no word").put("max_tokens", 5).put("max_completion_tokens", 7));

        assertThat(content(answer)).isEqualTo("xxxxxxx");
        assertThat(choice(answer).getString("finish_reason")).isEqualTo("length");
    }

    @Test
    void aLimitBeyondTheContextIsClipped() {
        JsonObject answer = ask(request("no word").put("max_tokens", 10_000_000));

        assertThat(answer.getJsonObject("usage").getInteger("total_tokens"))
                .isEqualTo(ParrotServer.MAX_MODEL_LEN);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -10})
    void aLimitBelowOneIsRefused(int limit) {
        HttpResponse<String> response =
                server.post(CHAT, request("hi").put("max_tokens", limit).encode());

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .contains("max_tokens can be defined [1, 512), but now it's " + limit + ".")
                .contains("\"param\":\"max_tokens\"");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPromptBeyondTheContextIsRefusedBeforeAnyStream(boolean stream) {
        HttpResponse<String> response =
                server.post(CHAT, request("x".repeat(600)).put("stream", stream).encode());

        assertThat(response.statusCode()).isEqualTo(400);
        JsonObject error = new JsonObject(response.body()).getJsonObject("error");
        assertThat(error.getString("message")).contains("Input text is too long");
        assertThat(error.getString("code")).isEqualTo("context_length_exceeded");
        assertThat(error.getString("param")).isEqualTo("messages");
    }

    @Test
    void promptTokenIdsReplaceTheMessages() {
        JsonObject answer =
                ask(
                        new JsonObject(
                                "{\"messages\":[],\"max_tokens\":2,\"temperature\":0,"
                                        + "\"prompt_token_ids\":[1,2,3,4,5,6,7,8,9]}"));

        assertThat(answer.getJsonObject("usage").getInteger("prompt_tokens")).isEqualTo(9);
    }

    @Test
    void idsOutsideTheVocabularyNameTheirOwnField() {
        HttpResponse<String> response =
                server.post(CHAT, "{\"messages\":[],\"prompt_token_ids\":[5,100000]}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("\"param\":\"prompt_token_ids\"");
    }

    @Test
    void stopStringsEndTheAnswer() {
        JsonObject request = request("say:one two. three").put("stop", List.of("wo.", "ee"));

        assertThat(content(ask(request))).isEqualTo("one t");
        assertThat(content(ask(request.put("include_stop_str_in_output", true))))
                .isEqualTo("one two.");
        assertThat(choice(ask(request)).getString("finish_reason")).isEqualTo("stop");
        assertThat(content(ask(request("say:one").put("stop", "")))).isEqualTo("one");
    }

    @Test
    void stopIdsEndTheAnswer() {
        JsonObject request = request("say:one two").put("stop_token_ids", List.of((int) 'w'));

        assertThat(content(ask(request))).isEqualTo("one t");
        assertThat(content(ask(request.put("include_stop_str_in_output", true))))
                .isEqualTo("one tw");
    }

    @Test
    void tooManyStopStringsAreRefused() {
        List<String> stops = List.of("a", "b", "c", "d", "e", "f", "g");

        HttpResponse<String> response =
                server.post(CHAT, request("hi").put("stop", stops).encode());

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("exceeds the limit max_stop_seqs_num(5)");
    }

    @Test
    void ignoringTheEndGoesOnToTheLimit() {
        JsonObject answer = ask(request("say:ab").put("ignore_eos", true).put("max_tokens", 20));

        assertThat(answer.getJsonObject("usage").getInteger("completion_tokens")).isEqualTo(20);
        assertThat(content(answer)).isEqualTo("ab");
    }

    @Test
    void topKOfOneIsGreedy() {
        JsonObject hot = request("say:certain").put("temperature", 50).put("top_k", 1);

        assertThat(content(ask(hot))).isEqualTo("certain");
    }

    @Test
    void aSeedRepeatsTheAnswer() {
        JsonObject request =
                request("anything")
                        .put("temperature", 100)
                        .put("seed", 922337203685477580L)
                        .put("max_tokens", 40);

        String first = content(ask(request));

        assertThat(content(ask(request))).isEqualTo(first);
        assertThat(content(ask(request.put("seed", 1)))).isNotEqualTo(first);
    }

    @Test
    void idsSpeakOfTheUserOrTheRequest() {
        assertThat(ask(request("say:a").put("user", "bob")).getString("id"))
                .startsWith("chatcmpl-bob-");
        assertThat(ask(request("say:a").put("request_id", "r-1")).getString("id"))
                .isEqualTo("chatcmpl-r-1");
        assertThat(ask(request("say:a").put("request_id", "chatcmpl-7")).getString("id"))
                .isEqualTo("chatcmpl-7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "", "!@#", "default", "gpt-5"})
    void withoutAServedNameAnyModelIsTheModel(String name) {
        assertThat(ask(request("say:a").put("model", name)).getString("model"))
                .isEqualTo(ParrotServer.MODEL);
    }

    @Test
    void theDocumentedSampleWithATrailingCommaWorks() {
        HttpResponse<String> response =
                server.post(
                        CHAT,
                        """
                        {
                          "messages": [
                            {"role": "user", "content": "say:Hello!"}
                          ],
                          "logprobs": false, "top_logprobs": 0,
                        }
                        """);

        assertThat(response.statusCode()).isEqualTo(200);
    }

    @Test
    void whatTheTemplateRefusesIsTheClientsDoing() {
        HttpResponse<String> response = server.post(CHAT, request("refuse").encode());

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("roles must alternate");
    }

    @Test
    void badUtf8IsA400() {
        byte[] body = request("hi").encode().getBytes(StandardCharsets.UTF_8);
        body[body.length / 2] = (byte) 0xff;

        assertThat(server.post(CHAT, body).statusCode()).isEqualTo(400);
    }
}
