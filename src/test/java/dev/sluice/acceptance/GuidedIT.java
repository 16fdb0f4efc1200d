package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.prompt;
import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonEnumSchema;
import dev.langchain4j.model.chat.request.json.JsonIntegerSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.ScriptClient;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/// Text of a form that a request asks for. The default model is small, so that what it says makes
/// little sense; that it has the form is not up to the model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuidedIT {
    private static final String GRAMMAR =
            """
            root ::= "<h1" style? ">" text "</h1>"
            style ::= " style=\\"" [a-z:; ]+ "\\""
            text ::= [A-Za-z ]{1,40}
            """;
    private static final JsonObject SCHEMA =
            new JsonObject(
                    """
                    {"type": "object",
                     "properties": {
                       "size": {"enum": ["small", "large"]},
                       "name": {"type": "string", "maxLength": 12},
                       "at": {"type": "object",
                         "properties": {"x": {"type": "integer", "minimum": 0, "maximum": 99}},
                         "required": ["x"], "additionalProperties": false},
                       "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}},
                     "required": ["size", "name", "at", "tags"], "additionalProperties": false}
                    """);

    private SluiceServer server;
    private ApiClient api;

    @BeforeAll
    void start() {
        server =
                SluiceServer.start(
                        "--max-model-len",
                        "1024",
                        "--enable-logprob",
                        "--reasoning-parser",
                        "qwen3");
        api = new ApiClient(server.url());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    private static JsonObject chat() {
        return user("Describe the highest building of Shenzhen.").put("max_tokens", 200);
    }

    private static JsonObject withSchema(JsonObject schema) {
        return chat().put(
                        "response_format",
                        new JsonObject()
                                .put("type", "json_schema")
                                .put(
                                        "json_schema",
                                        new JsonObject().put("name", "a").put("schema", schema)));
    }

    private static void assertFollowsTheSchema(String text) {
        JsonObject object = new JsonObject(text);
        assertThat(object.fieldNames()).containsExactly("size", "name", "at", "tags");
        assertThat(object.getString("size")).isIn("small", "large");
        assertThat(object.getString("name")).hasSizeLessThanOrEqualTo(12);
        assertThat(object.getJsonObject("at").fieldNames()).containsExactly("x");
        assertThat(object.getJsonObject("at").getInteger("x")).isBetween(0, 99);
        assertThat(object.getJsonArray("tags")).hasSizeLessThanOrEqualTo(3);
        assertThat(object.getJsonArray("tags")).allMatch(Boolean.class::isInstance);
    }

    private Reply ended(JsonObject request) {
        Reply reply = api.chat(request);
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.choice().getString("finish_reason")).as(reply.body()).isEqualTo("stop");
        return reply;
    }

    @Test
    @Check(39)
    void aJsonObjectIsOne() {
        JsonObject request =
                chat().put("response_format", new JsonObject().put("type", "json_object"));

        Reply reply = api.chat(request);

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.text()).startsWith("{");
        if (reply.choice().getString("finish_reason").equals("stop")) {
            assertThat(new JsonObject(reply.text())).isNotNull();
        }
    }

    @Test
    @Check(40)
    void aSchemaIsFollowed() {
        Reply greedy = ended(withSchema(SCHEMA));
        Reply hot = ended(withSchema(SCHEMA).put("temperature", 1.5).put("seed", 7));

        assertFollowsTheSchema(greedy.text());
        assertFollowsTheSchema(hot.text());
        assertThat(greedy.header("x-sluice-not-enforced")).isEmpty();
    }

    @Test
    void bothApisTakeASchemaAsAnObjectAndAsText() {
        Reply text =
                api.complete(
                        prompt("A building:")
                                .put("max_tokens", 200)
                                .put("guided_json", SCHEMA.encode()));

        assertFollowsTheSchema(text.text());
        assertFollowsTheSchema(ended(chat().put("guided_json", SCHEMA)).text());
    }

    @Test
    @Check(41)
    void aChoiceIsOneOfThem() {
        JsonArray choices = new JsonArray().add("Ping An Finance Centre").add("KK100");

        Reply reply = ended(chat().put("guided_choice", choices));

        assertThat(reply.text()).isIn("Ping An Finance Centre", "KK100");
        assertThat(reply.usage().getInteger("completion_tokens")).isPositive();
    }

    @Test
    @Check(42)
    void aPatternIsMatched() {
        assertThat(ended(chat().put("guided_regex", "\\d{4}-\\d{2}-\\d{2}")).text())
                .matches("\\d{4}-\\d{2}-\\d{2}");
    }

    @Test
    @Check(43)
    void aGrammarIsFollowed() {
        assertThat(ended(chat().put("guided_grammar", GRAMMAR).put("temperature", 1)).text())
                .matches("<h1( style=\"[a-z:; ]+\")?>[A-Za-z ]{1,40}</h1>");
    }

    @ParameterizedTest
    @Check(45)
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"guided_json": {}, "guided_regex": "a"} | guided_regex
                    {"response_format": {"type": "json_object"}, "guided_choice": ["a"]} | guided_choice
                    """)
    void twoKindsAreRefused(String fields, String param) {
        Reply reply = api.chat(chat().mergeIn(new JsonObject(fields)));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error().getString("param")).isEqualTo(param);
        assertThat(reply.error().getString("message")).contains("only use one kind");
    }

    @ParameterizedTest
    @Check(46)
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"guided_grammar": "root ::= other"} | guided_grammar | Invalid grammar format
                    {"guided_regex": "(?=a)"} | guided_regex | Invalid regex format
                    {"guided_json": {"type": "nope"}} | guided_json | Invalid JSON format
                    {"guided_json": "{"} | guided_json | Invalid JSON format
                    {"guided_choice": []} | guided_choice | Invalid choice format
                    {"response_format": {"type": "structural_tag"}} | response_format | Invalid structural_tag format
                    """)
    void mistakesAreToldBeforeTheFirstByte(String fields, String param, String message) {
        JsonObject request = chat().mergeIn(new JsonObject(fields));

        for (boolean stream : new boolean[] {false, true}) {
            Reply reply = api.chat(request.copy().put("stream", stream));
            assertThat(reply.status()).as(reply.body()).isEqualTo(400);
            assertThat(reply.error().getString("param")).isEqualTo(param);
            assertThat(reply.error().getString("message")).startsWith(message);
        }
    }

    @Test
    @Check(47)
    void nothingIsGuidedWhereThatIsOff() {
        try (SluiceServer off =
                        SluiceServer.start(
                                "--max-model-len", "128", "--guided-decoding-backend", "off");
                ApiClient client = new ApiClient(off.url())) {
            Reply reply = client.chat(chat().put("guided_regex", "a"));
            Reply text =
                    client.chat(
                            chat().put("max_tokens", 2)
                                    .put("response_format", new JsonObject().put("type", "text")));

            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.error().getString("message")).contains("--guided-decoding-backend");
            assertThat(reply.error().getString("param")).isEqualTo("guided_regex");
            assertThat(text.status()).isEqualTo(200);
        }
    }

    @Test
    @Check(48)
    void withoutThinkingTheFormIsContent() {
        Reply reply =
                ended(
                        withSchema(SCHEMA)
                                .put(
                                        "chat_template_kwargs",
                                        new JsonObject().put("enable_thinking", false)));

        assertFollowsTheSchema(reply.text());
        assertThat(reply.message().getString("reasoning_content")).isNullOrEmpty();
    }

    @Test
    void aStreamSaysTheSame() {
        Reply whole = ended(withSchema(SCHEMA));
        SseEvents events = api.chat(withSchema(SCHEMA).put("stream", true)).events();

        assertThat(events.text(0)).isEqualTo(whole.text());
        assertThat(events.done()).isTrue();
    }

    @Test
    void allChoicesHaveTheFormAndAreCounted() {
        JsonObject request =
                withSchema(SCHEMA)
                        .put("n", 2)
                        .put("temperature", 1)
                        .put("seed", 5)
                        .put("logprobs", true)
                        .put("return_token_ids", true);

        Reply reply = ended(request);

        int tokens = 0;
        assertThat(reply.choices()).hasSize(2);
        for (JsonObject choice : reply.choices()) {
            JsonObject message = choice.getJsonObject("message");
            assertFollowsTheSchema(message.getString("content"));
            int count = message.getJsonArray("completion_token_ids").size();
            tokens += count;
            assertThat(choice.getJsonObject("logprobs").getJsonArray("content")).hasSize(count);
        }
        assertThat(reply.usage().getInteger("completion_tokens")).isEqualTo(tokens);
    }

    @Test
    void whatIsNotEnforcedIsNamed() {
        JsonObject schema =
                new JsonObject("{\"type\": \"string\", \"maxLength\": 5, \"format\": \"surname\"}");

        Reply reply = ended(chat().put("guided_json", schema));

        assertThat(reply.header("x-sluice-not-enforced").orElse("")).contains("surname");
    }

    @Test
    void theFormWinsOverTheLeastNumberOfTokens() {
        Reply reply =
                ended(
                        chat().put("guided_choice", new JsonArray().add("KK100"))
                                .put("min_tokens", 50));

        assertThat(reply.text()).isEqualTo("KK100");
    }

    @Test
    void openAiForPythonGetsWhatItAsksFor() {
        assertThat(ScriptClient.python("openai_guided.py", server.url()))
                .contains("gets what it asks for");
    }

    @Test
    void langChain4jGetsItsSchema() {
        JsonSchema schema =
                JsonSchema.builder()
                        .name("Place")
                        .rootElement(
                                JsonObjectSchema.builder()
                                        .addProperty(
                                                "size",
                                                JsonEnumSchema.builder()
                                                        .enumValues("small", "large")
                                                        .build())
                                        .addProperty("floors", new JsonIntegerSchema())
                                        .required("size", "floors")
                                        .additionalProperties(false)
                                        .build())
                        .build();
        OpenAiChatModel model =
                OpenAiChatModel.builder()
                        .baseUrl(server.url() + "/v1")
                        .apiKey("null")
                        .modelName("default")
                        .temperature(0.0)
                        .strictJsonSchema(true)
                        .build();

        String text =
                model.chat(
                                ChatRequest.builder()
                                        .messages(List.of(UserMessage.from("How high is KK100?")))
                                        .responseFormat(
                                                ResponseFormat.builder()
                                                        .type(ResponseFormatType.JSON)
                                                        .jsonSchema(schema)
                                                        .build())
                                        .maxOutputTokens(200)
                                        .build())
                        .aiMessage()
                        .text();

        // An integer has no largest value, and a small model may count up to the limit.
        assertThat(text)
                .matches("(?s)\\{\\s*\"size\":\\s*\"(small|large)\",\\s*\"floors\":\\s*-?\\d+.*");
    }
}
