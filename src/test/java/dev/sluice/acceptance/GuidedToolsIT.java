package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.MarkedModel;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// Calls of tools and thinking around text of a certain form: on the default model, for which all
/// markers are text, and on a copy whose spare special tokens are the markers.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuidedToolsIT {
    private static final List<String> MARKERS =
            List.of("<think>", "</think>", "<tool_call>", "</tool_call>");
    private static final JsonArray TOOLS =
            new JsonArray(
                    """
                    [{"type": "function", "function": {"name": "get_weather",
                       "parameters": {"type": "object", "additionalProperties": false,
                         "properties": {"city": {"type": "string", "maxLength": 12},
                                        "days": {"type": "integer", "minimum": 1, "maximum": 9}},
                         "required": ["city", "days"]}}},
                     {"type": "function", "function": {"name": "get_time"}}]
                    """);

    @TempDir private static Path folder;

    private SluiceServer spelling;
    private SluiceServer marking;
    private ApiClient text;
    private ApiClient marked;

    @BeforeAll
    void start() {
        spelling = SluiceServer.start("--max-model-len", "1024", "--tool-call-parser", "hermes");
        Path model = folder.resolve("marked.gguf");
        MarkedModel.copy(DefaultModelFile.path(), model, MARKERS);
        marking =
                SluiceServer.start(
                        "--model",
                        model.toString(),
                        "--max-model-len",
                        "1024",
                        "--reasoning-parser",
                        "qwen3",
                        "--tool-call-parser",
                        "hermes");
        text = new ApiClient(spelling.url());
        marked = new ApiClient(marking.url());
    }

    @AfterAll
    void stop() {
        text.close();
        marked.close();
        spelling.close();
        marking.close();
    }

    private ApiClient api(String name) {
        return name.equals("marked") ? marked : text;
    }

    private static JsonObject request(Object choice) {
        return user("What is the weather in Paris?")
                .put("max_tokens", 300)
                .put("tools", TOOLS)
                .put("tool_choice", choice);
    }

    /// The default model, asked to think, would not stop by itself.
    private static JsonObject of(String model, JsonObject request) {
        return model.equals("marked") ? request.put("reasoning_max_tokens", 20) : request;
    }

    private static JsonObject named(String function) {
        return new JsonObject()
                .put("type", "function")
                .put("function", new JsonObject().put("name", function));
    }

    private static List<JsonObject> calls(Reply reply) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.choice().getString("finish_reason"))
                .as(reply.body())
                .isEqualTo("tool_calls");
        assertThat(reply.text()).isEmpty();
        return reply.message().getJsonArray("tool_calls").stream()
                .map(call -> ((JsonObject) call).getJsonObject("function"))
                .toList();
    }

    private static void assertFollowsItsSchema(JsonObject call) {
        JsonObject arguments = new JsonObject(call.getString("arguments"));
        if (call.getString("name").equals("get_time")) {
            assertThat(arguments).isEmpty();
            return;
        }
        assertThat(call.getString("name")).isEqualTo("get_weather");
        assertThat(arguments.fieldNames()).containsExactly("city", "days");
        assertThat(arguments.getString("city")).hasSizeLessThanOrEqualTo(12);
        assertThat(arguments.getInteger("days")).isBetween(1, 9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "marked"})
    void aNamedToolIsCalledOnce(String model) {
        Reply reply = api(model).chat(of(model, request(named("get_weather"))));

        List<JsonObject> calls = calls(reply);
        assertThat(calls).hasSize(1);
        assertThat(calls.getFirst().getString("name")).isEqualTo("get_weather");
        assertFollowsItsSchema(calls.getFirst());
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "marked"})
    void requiredIsACallOfOneOfTheTools(String model) {
        JsonObject request = request("required").put("parallel_tool_calls", false);

        List<JsonObject> calls = calls(api(model).chat(of(model, request)));

        assertThat(calls).hasSize(1).allSatisfy(GuidedToolsIT::assertFollowsItsSchema);
    }

    @Test
    void requiredMayBeSeveralCalls() {
        // Greedy, the model never ends: each call makes the next one likelier.
        JsonObject request =
                request("required").put("temperature", 1).put("seed", 1).put("max_tokens", 900);

        Reply reply = text.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        if (!reply.choice().getString("finish_reason").equals("length")) {
            assertThat(calls(reply)).isNotEmpty().allSatisfy(GuidedToolsIT::assertFollowsItsSchema);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "marked"})
    void aStreamMakesTheSameCall(String model) {
        JsonObject request = of(model, request(named("get_weather")));

        JsonObject whole = calls(api(model).chat(request)).getFirst();
        SseEvents events = api(model).chat(request.copy().put("stream", true)).events();

        String arguments =
                events.choices(0).stream()
                        .map(choice -> choice.getJsonObject("delta").getJsonArray("tool_calls"))
                        .filter(Objects::nonNull)
                        .map(calls -> calls.getJsonObject(0).getJsonObject("function"))
                        .map(function -> function.getString("arguments"))
                        .filter(Objects::nonNull)
                        .collect(Collectors.joining());
        assertThat(new JsonObject(arguments))
                .isEqualTo(new JsonObject(whole.getString("arguments")));
    }

    @Test
    void aPatternThatSpellsACallIsOne() {
        String pattern =
                "<tool_call>\\{\"name\": \"get_time\", \"arguments\": \\{\"zone\": \"[A-Z]{3}\"\\}\\}</tool_call>";

        Reply reply = text.chat(request("auto").put("guided_regex", pattern));

        assertThat(calls(reply)).hasSize(1);
        assertThat(calls(reply).getFirst().getString("name")).isEqualTo("get_time");
        assertThat(new JsonObject(calls(reply).getFirst().getString("arguments")).getString("zone"))
                .matches("[A-Z]{3}");
    }

    @Test
    void aToolThatCannotBeEnforcedIsRefused() {
        JsonArray tools =
                new JsonArray(
                        """
                        [{"type": "function", "function": {"name": "f",
                           "parameters": {"type": "nope"}}}]
                        """);

        Reply reply = text.chat(request("required").put("tools", tools));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error().getString("param")).isEqualTo("tools");
    }

    @Test
    void theFormBeginsBehindTheThinking() {
        JsonObject request =
                user("Which colour?")
                        .put(
                                "chat_template",
                                """
                                <|im_start|>user
                                {{ messages[0]['content'] }}<|im_end|>
                                <|im_start|>assistant
                                <think>
                                """)
                        .put("guided_choice", new JsonArray().add("blue-green").add("red"))
                        .put("reasoning_max_tokens", 8)
                        .put("max_tokens", 60);

        Reply reply = marked.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.text()).isIn("blue-green", "red");
        assertThat(reply.choice().getString("finish_reason")).isEqualTo("stop");
        assertThat(reply.message().getString("reasoning_content")).isNotBlank();
    }

    @Test
    void aPromptThatClosesTheThinkingIsGuidedAtOnce() {
        JsonObject request =
                user("Which colour?")
                        .put("chat_template", "{{ messages[0]['content'] }}<think>\n</think>\n")
                        .put("guided_choice", new JsonArray().add("blue-green").add("red"));

        Reply reply = marked.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.text()).isIn("blue-green", "red");
        assertThat(reply.message().getString("reasoning_content")).isNullOrEmpty();
    }

    @Test
    @Check(44)
    void aTaggedPartHasItsForm() {
        JsonObject format =
                new JsonObject(
                        """
                        {"type": "structural_tag",
                         "structures": [{"begin": "<function=get_current_date>",
                           "schema": {"type": "object",
                             "properties": {"timezone": {"type": "string", "maxLength": 10}},
                             "required": ["timezone"]},
                           "end": "</function>"}],
                         "triggers": ["<function="]}
                        """);
        JsonObject request =
                user("Repeat this: <function=get_current_date>{\"timezone\": \"UTC\"}</function>")
                        .put("max_tokens", 60)
                        .put("response_format", format);

        Reply reply = text.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        String said = reply.text();
        int trigger = said.indexOf("<function=");
        if (trigger >= 0 && reply.choice().getString("finish_reason").equals("stop")) {
            assertThat(said.substring(trigger))
                    .matches("(?s)<function=get_current_date>\\{.*\\}</function>.*");
        }
    }

    @Test
    void aTagThatMustComeComes() {
        JsonObject tag =
                new JsonObject(
                        """
                        {"type": "structural_tag", "format": {"type": "tag", "begin": "<n>",
                          "content": {"type": "json_schema", "json_schema":
                            {"type": "integer", "minimum": 0, "maximum": 9}}, "end": "</n>"}}
                        """);

        Reply chat = text.chat(user("A number?").put("structural_tag", tag.encode()));

        assertThat(chat.status()).as(chat.body()).isEqualTo(200);
        assertThat(chat.text()).matches("<n>[0-9]</n>");
    }
}
