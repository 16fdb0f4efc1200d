package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.models.FunctionDefinition;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.MarkedModel;
import dev.sluice.testing.ScriptClient;
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

/// Parsers end to end. The default model neither thinks nor calls tools, so a logits processor of
/// the test makes it say what such models say: on a copy whose spare special tokens are the
/// markers.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ThinkingAndToolsIT {
    private static final List<String> MARKERS =
            List.of("<think>", "</think>", "<tool_call>", "</tool_call>");
    private static final String EOS = "<|im_end|>";

    @TempDir private static Path folder;

    private SluiceServer server;
    private ApiClient api;

    @BeforeAll
    void start() {
        Path model = folder.resolve("marked.gguf");
        MarkedModel.copy(DefaultModelFile.path(), model, MARKERS);
        server =
                SluiceServer.start(
                        Map.of(
                                "SLUICE_CLASSPATH",
                                Path.of("target/test-classes").toAbsolutePath().toString()),
                        "--model",
                        model.toString(),
                        "--max-model-len",
                        "1024",
                        "--enable-logprob",
                        "--reasoning-parser",
                        "qwen3",
                        "--tool-call-parser",
                        "hermes",
                        "--logits-processors",
                        "dev.sluice.testing.ForcedTokens");
        api = new ApiClient(server.url());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    /// Ids of a text with markers in it.
    private JsonArray tokens(String text) {
        return api.post(
                        "/tokenize",
                        new JsonObject().put("prompt", text).put("add_special_tokens", false))
                .json()
                .getJsonArray("tokens");
    }

    /// A chat whose answer is a text that the test chose.
    private JsonObject saying(String text) {
        return user("Go on.")
                .put("max_tokens", 200)
                .put(
                        "logits_processors_args",
                        new JsonObject().put("forced_token_ids", tokens(text + EOS)));
    }

    private static JsonArray weatherTool() {
        return new JsonArray(
                """
                [{"type": "function", "function": {"name": "get_weather",
                  "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
                """);
    }

    private static List<JsonObject> deltas(SseEvents events) {
        return events.choices(0).stream().map(c -> c.getJsonObject("delta")).toList();
    }

    private static String joined(List<JsonObject> deltas, String field) {
        return deltas.stream()
                .map(d -> d.getString(field))
                .filter(Objects::nonNull)
                .collect(Collectors.joining());
    }

    @Test
    void thinkingAndAnswerAreToldApart() {
        JsonObject request = saying("<think>Let me see.\n</think>\n\nIt is 4.");

        Reply whole = api.chat(request);
        List<JsonObject> deltas = deltas(api.chat(request.copy().put("stream", true)).events());

        assertThat(whole.status()).as(whole.body()).isEqualTo(200);
        assertThat(whole.message().getString("reasoning_content")).contains("Let me see.");
        assertThat(whole.text()).contains("It is 4.").doesNotContain("think");
        assertThat(joined(deltas, "content")).isEqualTo(whole.text());
        assertThat(joined(deltas, "reasoning_content"))
                .isEqualTo(whole.message().getString("reasoning_content"));
        assertThat(
                        whole.usage()
                                .getJsonObject("completion_tokens_details")
                                .getInteger("reasoning_tokens"))
                .isPositive();
    }

    @Test
    @Check(51)
    void aCallIsACallWholeAndStreamed() {
        String call = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris {x}\"}}";
        JsonObject request =
                saying("<think>Hm.</think><tool_call>\n" + call + "\n</tool_call>")
                        .put("tools", weatherTool());

        Reply whole = api.chat(request);
        SseEvents streamed = api.chat(request.copy().put("stream", true)).events();

        assertThat(whole.status()).as(whole.body()).isEqualTo(200);
        assertThat(whole.choice().getString("finish_reason")).isEqualTo("tool_calls");
        assertThat(whole.text()).isEmpty();
        JsonObject function =
                whole.message()
                        .getJsonArray("tool_calls")
                        .getJsonObject(0)
                        .getJsonObject("function");
        assertThat(function.getString("name")).isEqualTo("get_weather");
        assertThat(new JsonObject(function.getString("arguments")).getString("city"))
                .isEqualTo("Paris {x}");

        List<JsonObject> calls =
                deltas(streamed).stream()
                        .map(d -> d.getJsonArray("tool_calls"))
                        .filter(Objects::nonNull)
                        .flatMap(array -> array.stream().map(JsonObject.class::cast))
                        .toList();
        assertThat(calls.getFirst().getString("id")).startsWith("chatcmpl-tool-");
        assertThat(calls.getFirst().getJsonObject("function").getString("name"))
                .isEqualTo("get_weather");
        String arguments =
                calls.stream()
                        .map(c -> c.getJsonObject("function").getString("arguments"))
                        .filter(Objects::nonNull)
                        .collect(Collectors.joining());
        assertThat(new JsonObject(arguments))
                .isEqualTo(new JsonObject(function.getString("arguments")));
        assertThat(streamed.choices(0).getLast().getString("finish_reason"))
                .isEqualTo("tool_calls");
    }

    @Test
    void whatNothingSaysIsThinkingIsTheAnswer() {
        Reply chat = api.chat(saying("No marker."));
        JsonObject completion =
                ApiClient.prompt("x")
                        .put("max_tokens", 20)
                        .put(
                                "logits_processors_args",
                                new JsonObject()
                                        .put("forced_token_ids", tokens("No marker." + EOS)));
        Reply complete = api.complete(completion);
        SseEvents streamed = api.complete(completion.copy().put("stream", true)).events();

        assertThat(chat.text()).isEqualTo("No marker.");
        assertThat(chat.message().getValue("reasoning_content")).isNull();
        assertThat(complete.text()).isEqualTo("No marker.");
        assertThat(streamed.text(0)).isEqualTo("No marker.");
    }

    @Test
    void aCallThatTheLimitCutsIsStillAnAnswer() {
        JsonObject request =
                saying(
                                "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}")
                        .put("tools", weatherTool())
                        .put("max_tokens", 12);

        Reply whole = api.chat(request);
        SseEvents streamed = api.chat(request.copy().put("stream", true)).events();

        assertThat(whole.choice().getString("finish_reason")).isEqualTo("length");
        assertThat(whole.message().getValue("tool_calls")).isNull();
        assertThat(streamed.choices(0).getLast().getString("finish_reason")).isEqualTo("length");
        assertThat(streamed.done()).isTrue();
    }

    @Test
    void swallowedTokensKeepTheirIdsAndLogprobs() {
        JsonObject request =
                saying("<think>Hm.</think>Yes.")
                        .put("return_token_ids", true)
                        .put("logprobs", true);

        Reply whole = api.chat(request);
        SseEvents streamed = api.chat(request.copy().put("stream", true)).events();

        List<Integer> expected = ApiClient.ids(whole.message(), "completion_token_ids");
        List<Integer> ids =
                deltas(streamed).stream()
                        .filter(d -> d.getValue("completion_token_ids") != null)
                        .flatMap(d -> ApiClient.ids(d, "completion_token_ids").stream())
                        .toList();
        assertThat(ids).isEqualTo(expected);
        assertThat(whole.choice().getJsonObject("logprobs").getJsonArray("content"))
                .hasSize(expected.size());
    }

    @Test
    @Check(49)
    void thinkingEndsWhereItsBudgetDoes() {
        // The template opens the thinking, as those of reasoning models do.
        JsonObject request =
                user("What is 2 + 2?")
                        .put(
                                "chat_template",
                                """
                                <|im_start|>user
                                {{ messages[0]['content'] }}<|im_end|>
                                <|im_start|>assistant
                                <think>
                                """)
                        .put("reasoning_max_tokens", 8)
                        .put("min_tokens", 40)
                        .put("max_tokens", 60);

        Reply reply = api.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(
                        reply.usage()
                                .getJsonObject("completion_tokens_details")
                                .getInteger("reasoning_tokens"))
                .isBetween(1, 10);
        assertThat(reply.text()).isNotEmpty();
    }

    @Test
    void aTemplateReadsWhetherToThink() {
        JsonObject request =
                user("Hi")
                        .put("chat_template", "{{ 'on' if enable_thinking else 'off' }}")
                        .put("return_token_ids", true)
                        .put("max_tokens", 1);

        String on = api.chat(request).message().getString("prompt_tokens");
        String off =
                api.chat(
                                request.copy()
                                        .put(
                                                "chat_template_kwargs",
                                                new JsonObject().put("enable_thinking", false)))
                        .message()
                        .getString("prompt_tokens");

        assertThat(on).isEqualTo("on");
        assertThat(off).isEqualTo("off");
    }

    /// What the scripts of the clients make the model say.
    private String forcedCall() {
        String call = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}";
        return tokens("<think>Hm.</think><tool_call>\n" + call + "\n</tool_call>" + EOS).encode();
    }

    @Test
    void openAiForPythonUsesItAll() {
        assertThat(ScriptClient.python("openai_surface.py", server.url(), forcedCall()))
                .contains("uses it all");
    }

    @Test
    void openAiForJavaScriptUsesItAll() {
        assertThat(ScriptClient.javascript("openai_surface.mjs", server.url(), forcedCall()))
                .contains("uses it all");
    }

    @Test
    void openAiForJavaReadsACall() {
        OpenAIClient client =
                OpenAIOkHttpClient.builder().baseUrl(server.url() + "/v1").apiKey("null").build();
        ChatCompletionCreateParams params =
                ChatCompletionCreateParams.builder()
                        .model("default")
                        .addUserMessage("What is the weather in Paris?")
                        .temperature(0)
                        .maxCompletionTokens(100)
                        .logprobs(true)
                        .topLogprobs(2)
                        .addTool(
                                ChatCompletionFunctionTool.builder()
                                        .function(
                                                FunctionDefinition.builder()
                                                        .name("get_weather")
                                                        .build())
                                        .build())
                        .putAdditionalBodyProperty(
                                "logits_processors_args",
                                JsonValue.from(
                                        Map.of(
                                                "forced_token_ids",
                                                new JsonArray(forcedCall()).getList())))
                        .build();

        ChatCompletion.Choice choice =
                client.chat().completions().create(params).choices().getFirst();
        client.close();

        assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
        assertThat(choice.message().toolCalls().orElseThrow().getFirst().asFunction().function())
                .satisfies(f -> assertThat(f.name()).isEqualTo("get_weather"))
                .satisfies(f -> assertThat(f.arguments()).contains("Paris"));
        assertThat(choice.logprobs().orElseThrow().content().orElseThrow()).isNotEmpty();
    }

    @Test
    @Check(50)
    void refusesABudgetOfNothing() {
        Reply reply = api.chat(user("Hi").put("reasoning_max_tokens", 0));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error().getString("param")).isEqualTo("reasoning_max_tokens");
    }

    @Test
    @Check(52)
    void takesAHistoryOfCallsWithObjectsInIt() {
        JsonArray messages =
                new JsonArray(
                        """
                        [{"role": "user", "content": "Weather?"},
                         {"role": "assistant", "content": null, "tool_calls": [{"id": "c1",
                           "type": "function", "function": {"name": "get_weather",
                           "arguments": {"city": "Paris"}}}]},
                         {"role": "tool", "tool_call_id": "c1",
                           "content": {"type": "text", "text": "sunny"}}]
                        """);

        Reply reply =
                api.chat(
                        new JsonObject()
                                .put("messages", messages)
                                .put("tools", weatherTool())
                                .put("max_tokens", 4));

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    }

    /// As clients send it: no content beside calls, arguments as text, a result in parts.
    @Test
    @Check(52)
    void aHistoryOfCallsIsWhatARealTemplateMakesOfIt() throws IOException {
        Path data = Path.of("../shared/data/chat-templates");
        assumeTrue(Files.isDirectory(data), "needs ../shared/data/chat-templates");
        String id = "llamacpp/Qwen-Qwen2.5-7B-Instruct";
        String template = line(data.resolve("templates.jsonl"), "id", id).getString("template");
        JsonObject conversation =
                new JsonArray(Files.readString(data.resolve("conversations.json")))
                        .stream()
                                .map(JsonObject.class::cast)
                                .filter(c -> c.getString("id").equals("tool_results_gen"))
                                .findFirst()
                                .orElseThrow();
        JsonArray messages = conversation.getJsonArray("messages");
        JsonObject function =
                messages.getJsonObject(1)
                        .putNull("content")
                        .getJsonArray("tool_calls")
                        .getJsonObject(0)
                        .getJsonObject("function");
        function.put("arguments", function.getJsonObject("arguments").encode());
        String result = messages.getJsonObject(2).getString("content");
        messages.getJsonObject(2)
                .put("content", new JsonObject().put("type", "text").put("text", result));

        Reply reply =
                api.chat(
                        new JsonObject()
                                .put("messages", messages)
                                .put("tools", conversation.getJsonArray("tools"))
                                .put("chat_template", template)
                                .put("return_token_ids", true)
                                .put("max_tokens", 1));

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.message().getString("prompt_tokens"))
                .isEqualTo(
                        Files.readAllLines(data.resolve("expected.jsonl")).stream()
                                .map(JsonObject::new)
                                .filter(row -> row.getString("t").equals(id))
                                .filter(row -> row.getString("c").equals("tool_results_gen"))
                                .map(row -> row.getString("out"))
                                .findFirst()
                                .orElseThrow());
    }

    private static JsonObject line(Path file, String key, String value) throws IOException {
        return Files.readAllLines(file).stream()
                .map(JsonObject::new)
                .filter(row -> row.getString(key).equals(value))
                .findFirst()
                .orElseThrow();
    }
}
