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

import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompletionApiTest {
    private static final String COMPLETIONS = "/v1/completions";
    private ParrotServer server;

    @BeforeAll
    void start() {
        server = ParrotServer.start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private JsonObject ask(JsonObject request) {
        HttpResponse<String> response =
                server.post(COMPLETIONS, request.put("temperature", 0).encode());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    private static List<String> texts(JsonObject answer) {
        JsonArray choices = answer.getJsonArray("choices");
        return choices.stream().map(c -> ((JsonObject) c).getString("text")).toList();
    }

    @Test
    void answersWithEveryFieldOfTheContract() {
        JsonObject answer = ask(new JsonObject().put("prompt", "say:Hi\u0003"));

        assertThat(answer.getString("id")).startsWith("cmpl-");
        assertThat(answer.getString("object")).isEqualTo("text_completion");
        assertThat(answer.getJsonArray("choices").getJsonObject(0).fieldNames())
                .containsExactly(
                        "index",
                        "text",
                        "prompt_token_ids",
                        "completion_token_ids",
                        "prompt_tokens",
                        "completion_tokens",
                        "arrival_time",
                        "logprobs",
                        "draft_logprobs",
                        "reasoning_content",
                        "finish_reason",
                        "tool_calls");
        assertThat(texts(answer)).containsExactly("Hi");
    }

    @Test
    void continuesChineseText() {
        String prompt = "\u6c34\u8c03\u6b4c\u5934\u00b7\u660e\u6708\u51e0\u65f6\u6709";

        JsonObject answer = ask(new JsonObject().put("prompt", prompt).put("max_tokens", 3));

        assertThat(answer.getJsonObject("usage").getInteger("prompt_tokens")).isEqualTo(29);
        assertThat(texts(answer)).containsExactly("xxx");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"prompt":[1,2,3,4,5,6,7,8,9]} | 9 | 1
                    {"prompt":[[1,2,3],[4,5,6,7,8,9,10,11,12]]} | 12 | 2
                    {"prompt":"","prompt_token_ids":[1,2,3,4,5,6,7,8,9]} | 9 | 1
                    {"prompt":"x","prompt_token_ids":[[1,2,3],[4,5,6,7,8,9,10,11,12]]} | 12 | 2
                    {"prompt":["abc","de"]} | 5 | 2
                    {"prompt":["abc","de"],"add_special_tokens":true} | 7 | 2
                    """)
    void takesPromptsInAllForms(String body, int promptTokens, int choices) {
        JsonObject answer = ask(new JsonObject(body).put("max_tokens", 2));

        assertThat(answer.getJsonObject("usage").getInteger("prompt_tokens"))
                .isEqualTo(promptTokens);
        assertThat(answer.getJsonArray("choices")).hasSize(choices);
    }

    @Test
    void choicesAreInTheOrderOfTheirPrompts() {
        List<String> prompts = List.of("say:longer text\u0003", "say:b\u0003", "say:cc\u0003");

        JsonObject answer = ask(new JsonObject().put("prompt", prompts));

        assertThat(texts(answer)).containsExactly("longer text", "b", "cc");
        assertThat(answer.getJsonObject("usage").getInteger("completion_tokens"))
                .isEqualTo(12 + 2 + 3);
    }

    @Test
    void anEchoPrecedesTheText() {
        JsonObject request = new JsonObject().put("echo", true).put("prompt", "say:Hi\u0003");
        JsonObject tokens =
                new JsonObject()
                        .put("echo", true)
                        .put("prompt", List.of(97, 98))
                        .put("max_tokens", 1);

        assertThat(texts(ask(request))).containsExactly("say:Hi\u0003Hi");
        assertThat(texts(ask(tokens))).containsExactly("abx");
    }

    @Test
    void oneBadPromptRefusesTheWholeRequest() {
        HttpResponse<String> response =
                server.post(COMPLETIONS, "{\"prompt\":[[1,2],[3,999999]],\"max_tokens\":500}");

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("\"param\":\"prompt\"");
        assertThat(server.awaitStats(s -> s.running() == 0 && s.waiting() == 0).blocksFree())
                .isEqualTo(server.awaitStats(s -> true).blocksTotal());
    }

    @Test
    void morePromptsThanTheEngineHoldsAreAnOverload() {
        List<String> prompts = Collections.nCopies(200, "forever\u0003");

        HttpResponse<String> response =
                server.post(COMPLETIONS, new JsonObject().put("prompt", prompts).encode());

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("retry-after")).contains("1");
        server.awaitStats(s -> s.running() == 0 && s.waiting() == 0);
    }

    @Test
    void largeAnswersAreWholeToo() {
        List<String> prompts = Collections.nCopies(70, "forever\u0003");

        JsonObject answer = ask(new JsonObject().put("prompt", prompts));

        assertThat(texts(answer)).hasSize(70).containsOnly("x".repeat(512 - 8));
    }
}
