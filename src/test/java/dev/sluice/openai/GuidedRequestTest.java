package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.Guidance;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.openai.parsers.ParserSettings;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// What requests for text of a certain form become.
class GuidedRequestTest {
    private static final TestServer PLAIN = TestServer.plain();
    private static final TestServer OPEN = TestServer.open();
    private static final String SCHEMA = "{\"b\":1,\"a\":[true,null]}";
    private static final String TOOLS =
            """
            "tools":[{"type":"function","function":{"name":"f",
                "parameters":{"properties":{"x":{"type":"integer"}}}}},
              {"type":"function","function":{"name":"g","strict":true}}]\
            """;

    private static Guidance guidance(TestServer server, String fields) {
        return server.sequence(fields).rules().guidance().orElseThrow();
    }

    private static GrammarSpec grammar(String fields) {
        Guidance chat = guidance(PLAIN, fields);
        Guidance completion =
                PLAIN.completion("\"prompt\":\"a\"," + fields)
                        .sequences()
                        .getFirst()
                        .rules()
                        .guidance()
                        .orElseThrow();

        assertThat(completion).isEqualTo(chat);
        assertThat(chat.afterThinking()).isEmpty();
        assertThat(fields).startsWith("\"" + chat.param() + "\"");
        return chat.grammar();
    }

    @Test
    void everyKindIsAGrammarInBothApis() {
        assertThat(grammar("\"guided_json\":" + SCHEMA))
                .isEqualTo(new GrammarSpec.JsonSchema(SCHEMA, true));
        assertThat(grammar("\"guided_json\":\"{ \\\"a\\\": 1}\""))
                .isEqualTo(new GrammarSpec.JsonSchema("{ \"a\": 1}", true));
        assertThat(grammar("\"guided_regex\":\"a+\""))
                .isEqualTo(new GrammarSpec.RegularExpression("a+"));
        assertThat(grammar("\"guided_choice\":[\"a\",\"ab\"]"))
                .isEqualTo(new GrammarSpec.Choice(List.of("a", "ab")));
        assertThat(grammar("\"guided_grammar\":\"root ::= x\""))
                .isEqualTo(new GrammarSpec.Ebnf("root ::= x"));
        assertThat(grammar("\"structural_tag\":\"{}\""))
                .isEqualTo(new GrammarSpec.StructuralTag("{}"));
        assertThat(grammar("\"response_format\":{\"type\":\"json_object\"}"))
                .isEqualTo(new GrammarSpec.JsonObject());
        assertThat(grammar("\"response_format\":{\"type\":\"structural_tag\",\"triggers\":[]}"))
                .isEqualTo(
                        new GrammarSpec.StructuralTag(
                                "{\"type\":\"structural_tag\",\"triggers\":[]}"));
    }

    @Test
    void oneFieldHoldsEveryKindToo() {
        String field = "\"structured_outputs\":{%s}";

        assertThat(grammar(field.formatted("\"json\":{\"minimum\":1e400}")))
                .isEqualTo(new GrammarSpec.JsonSchema("{\"minimum\":1E+400}", true));
        assertThat(grammar(field.formatted("\"json\":\"{ \\\"a\\\": 1}\",\"regex\":null")))
                .isEqualTo(new GrammarSpec.JsonSchema("{ \"a\": 1}", true));
        assertThat(grammar(field.formatted("\"json\":{},\"disable_additional_properties\":true")))
                .isEqualTo(new GrammarSpec.JsonSchema("{}", true, true));
        assertThat(grammar(field.formatted("\"regex\":\"a+\",\"json_object\":false")))
                .isEqualTo(new GrammarSpec.RegularExpression("a+"));
        assertThat(grammar(field.formatted("\"choice\":[\"a\",\"ab\"]")))
                .isEqualTo(new GrammarSpec.Choice(List.of("a", "ab")));
        assertThat(
                        grammar(
                                field.formatted(
                                        "\"grammar\":\"root ::= x\",\"whitespace_pattern\":null")))
                .isEqualTo(new GrammarSpec.Ebnf("root ::= x"));
        assertThat(grammar(field.formatted("\"json_object\":true,\"disable_fallback\":true")))
                .isEqualTo(new GrammarSpec.JsonObject());
        assertThat(grammar(field.formatted("\"structural_tag\":{\"triggers\":[]}")))
                .isEqualTo(new GrammarSpec.StructuralTag("{\"triggers\":[]}"));
        assertThat(grammar(field.formatted("\"structural_tag\":\"{}\"")))
                .isEqualTo(new GrammarSpec.StructuralTag("{}"));
    }

    @Test
    void strictClosesObjectsAndItsOppositeRelaxes() {
        String format =
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\","
                        + "\"schema\":{\"type\":\"object\"}%s}}";
        String schema = "{\"type\":\"object\"}";

        assertThat(grammar(format.formatted("")))
                .isEqualTo(new GrammarSpec.JsonSchema(schema, true, false));
        assertThat(grammar(format.formatted(",\"strict\":null")))
                .isEqualTo(new GrammarSpec.JsonSchema(schema, true, false));
        assertThat(grammar(format.formatted(",\"strict\":true")))
                .isEqualTo(new GrammarSpec.JsonSchema(schema, true, true));
        assertThat(grammar(format.formatted(",\"strict\":false")))
                .isEqualTo(new GrammarSpec.JsonSchema(schema, false, false));
    }

    @Test
    void numbersOfSchemasStayAsTheyAreWritten() {
        String schema = "{\"const\":%s,\"minimum\":9007199254740993.5}";
        String large = schema.formatted("1E+400");
        Object exact = new GrammarSpec.JsonSchema(large, true);

        assertThat(grammar("\"guided_json\":" + schema.formatted("1e400"))).isEqualTo(exact);
        assertThat(
                        grammar(
                                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
                                        + "{\"name\":\"a\",\"schema\":"
                                        + large
                                        + "}}"))
                .isEqualTo(exact);
        assertThat(
                        grammar(
                                "\"response_format\":{\"type\":\"structural_tag\",\"format\":"
                                        + large
                                        + "}"))
                .isEqualTo(
                        new GrammarSpec.StructuralTag(
                                "{\"type\":\"structural_tag\",\"format\":" + large + "}"));
        String tools =
                """
                "tools":[{"type":"function","function":{"name":"f","strict":true,
                    "parameters":{"properties":{"x":%s}}}}]\
                """
                        .formatted(large);
        assertThat(guidance(OPEN, tools).grammar().toString()).contains("{\"x\":" + large + "}");
        assertThat(grammar("\"guided_json\":" + schema.formatted("1e1000000000")))
                .isEqualTo(new GrammarSpec.JsonSchema(schema.formatted("1E+1000000000"), true));
    }

    /// The text of a schema is read where its grammar is made.
    @Test
    void aTextWithANumberBeyondJavasIsNoFaultYet() {
        String schema = "{\"maxLength\":1e2147483648}";
        String quoted = "\"" + schema.replace("\"", "\\\"") + "\"";

        assertThat(grammar("\"guided_json\":" + quoted))
                .isEqualTo(new GrammarSpec.JsonSchema(schema, true));
        assertThat(guidance(OPEN, "\"guided_json\":" + quoted + "," + TOOLS).grammar())
                .isEqualTo(new GrammarSpec.JsonSchema(schema, true));
    }

    @Test
    void textNeedsNoGrammar() {
        assertThat(PLAIN.sequence("\"response_format\":{\"type\":\"text\"}").rules().guidance())
                .isEmpty();
        assertThat(PLAIN.sequence("\"guided_regex\":null").rules().guidance()).isEmpty();
        assertThat(PLAIN.sequence("\"structured_outputs\":null").rules().guidance()).isEmpty();
        assertThat(
                        PLAIN.sequence(
                                        "\"structured_outputs\":{\"json\":null,"
                                                + "\"json_object\":false,"
                                                + "\"disable_any_whitespace\":false}")
                                .rules()
                                .guidance())
                .isEmpty();
    }

    @Test
    void allChoicesShareTheGrammar() {
        List<Optional<Guidance>> all =
                PLAIN.chat("\"n\":3,\"guided_regex\":\"a\"").sequences().stream()
                        .map(sequence -> sequence.rules().guidance())
                        .toList();

        assertThat(all).hasSize(3).allSatisfy(one -> assertThat(one).isEqualTo(all.getFirst()));
        assertThat(all.getFirst()).isPresent();
    }

    @Test
    void thinkingThatThePromptOpensIsLeftAlone() {
        String opened = "\"chat_template\":\"a<think>\\n\",\"guided_regex\":\"a\"";
        String closed = "\"chat_template\":\"a<think></think>\",\"guided_regex\":\"a\"";
        TokenIds end = new ByteTokenizer().encode("</think>", false);

        assertThat(guidance(OPEN, opened).afterThinking()).contains(end);
        assertThat(guidance(OPEN, opened).thinkingId()).isEqualTo(OptionalInt.empty());
        assertThat(guidance(OPEN, closed).afterThinking()).isEmpty();
        assertThat(guidance(PLAIN, opened).afterThinking()).isEmpty();
    }

    @Test
    void aModelWithoutATokenForThinkingIsGuidedAtOnceIfThePromptOpensNone() {
        assertThat(guidance(OPEN, "\"guided_regex\":\"a\"").afterThinking()).isEmpty();
    }

    @Test
    void eachPromptOfACompletionSaysWhetherItsThinkingIsOpen() {
        List<Boolean> waits =
                OPEN
                        .completion("\"prompt\":[\"a<think>\",\"a\"],\"guided_regex\":\"a\"")
                        .sequences()
                        .stream()
                        .map(s -> s.rules().guidance().orElseThrow().afterThinking().isPresent())
                        .toList();

        assertThat(waits).containsExactly(true, false);
    }

    private static JsonObject calls(TestServer server, String fields) {
        Guidance guidance = guidance(server, fields);
        GrammarSpec.StructuralTag tag = (GrammarSpec.StructuralTag) guidance.grammar();
        JsonObject json = new JsonObject(tag.tag());

        assertThat(json.getString("type")).isEqualTo("structural_tag");
        return json.getJsonObject("format");
    }

    private static List<JsonObject> tags(JsonObject format) {
        JsonArray tags = format.getJsonArray("tags");
        return tags.stream().map(JsonObject.class::cast).toList();
    }

    @Test
    void requiredMeansOneCallAfterAnother() {
        JsonObject format = calls(OPEN, TOOLS + ",\"tool_choice\":\"required\"");

        assertThat(format.getString("type")).isEqualTo("tags_with_separator");
        assertThat(format.getString("separator")).isEqualTo("\n");
        assertThat(format.getBoolean("at_least_one")).isTrue();
        assertThat(format.getBoolean("stop_after_first")).isFalse();
        assertThat(tags(format).getFirst())
                .isEqualTo(
                        new JsonObject()
                                .put("type", "tag")
                                .put("begin", "<tool_call>\n{\"name\": \"f\", \"arguments\": ")
                                .put(
                                        "content",
                                        new JsonObject(
                                                """
                                                {"type":"json_schema","json_schema":{"properties":
                                                 {"x":{"type":"integer"}},"type":"object"}}\
                                                """))
                                .put("end", "}\n</tool_call>"));
        assertThat(tags(format).get(1).getJsonObject("content"))
                .isEqualTo(
                        new JsonObject(
                                """
                                {"type":"json_schema","strict":true,"json_schema":
                                 {"additionalProperties":false,"type":"object"}}\
                                """));
    }

    @Test
    void withoutParallelCallsThereIsOne() {
        JsonObject one =
                calls(OPEN, TOOLS + ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false");
        JsonObject named =
                calls(
                        OPEN,
                        TOOLS
                                + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}");

        assertThat(one.getBoolean("stop_after_first")).isTrue();
        assertThat(named.getBoolean("stop_after_first")).isTrue();
        assertThat(tags(named)).hasSize(1);
        assertThat(tags(named).getFirst().getString("begin")).contains("\"g\"");
    }

    @Test
    void aCallThatMustComeNeedsNoParserOfTheOperators() {
        PreparedRequest request = PLAIN.chat(TOOLS + ",\"tool_choice\":\"required\"");

        assertThat(request.answer().parser().flatMap(ParserSettings::toolCalls)).contains("hermes");
        assertThat(request.answer().parser().map(ParserSettings::callsOnly)).contains(true);
        assertThat(request.sequences().getFirst().rules().guidance()).isPresent();
    }

    @Test
    void strictToolsFormTheCallsAmongText() {
        JsonObject format = calls(OPEN, TOOLS);

        assertThat(format.getString("type")).isEqualTo("triggered_tags");
        assertThat(format.getJsonArray("triggers")).isEqualTo(new JsonArray().add("<tool_call>"));
        assertThat(format.getBoolean("at_least_one")).isFalse();
        assertThat(tags(format)).hasSize(2);
        assertThat(guidance(OPEN, TOOLS).param()).isEqualTo("tools");
        // Nobody reads calls here, so that nothing is a call.
        assertThat(PLAIN.sequence(TOOLS).rules().guidance()).isEmpty();
    }

    @Test
    void aFormOfTheAnswerIsNotAboutCalls() {
        String form = ",\"response_format\":{\"type\":\"json_object\"}";

        JsonObject either = calls(OPEN, TOOLS + form);

        assertThat(either.getString("type")).isEqualTo("or");
        assertThat(either.getJsonArray("elements").getJsonObject(0))
                .isEqualTo(
                        new JsonObject(
                                "{\"type\":\"json_schema\",\"json_schema\":{\"type\":\"object\"}}"));
        assertThat(tags(either.getJsonArray("elements").getJsonObject(1))).hasSize(2);
        assertThat(guidance(OPEN, TOOLS + form).param()).isEqualTo("response_format");
        // Nobody reads calls here, or none may be made, or the form can spell them itself.
        assertThat(guidance(PLAIN, TOOLS + form).grammar()).isEqualTo(new GrammarSpec.JsonObject());
        assertThat(guidance(OPEN, TOOLS + form + ",\"tool_choice\":\"none\"").grammar())
                .isEqualTo(new GrammarSpec.JsonObject());
        assertThat(guidance(OPEN, TOOLS + ",\"guided_regex\":\"a\"").grammar())
                .isEqualTo(new GrammarSpec.RegularExpression("a"));
        assertThat(calls(OPEN, TOOLS + form + ",\"tool_choice\":\"required\"").getString("type"))
                .isEqualTo("tags_with_separator");
    }

    private static Map<String, Object> tool(int number) {
        return Map.of("type", "function", "function", Map.of("name", "f" + number));
    }

    @Test
    void allowedToolsAreLookedUpAndNotSearchedFor() {
        int many = 40_000;
        List<Object> tools =
                IntStream.range(0, many).<Object>mapToObj(GuidedRequestTest::tool).toList();
        Map<String, Object> allowed = Map.of("mode", "auto", "tools", tools.reversed());
        Fields fields =
                new Fields(
                        Map.of(
                                "tools",
                                tools,
                                "tool_choice",
                                Map.of("type", "allowed_tools", "allowed_tools", allowed)));

        ToolFields found =
                assertTimeoutPreemptively(Duration.ofSeconds(10), () -> ToolFields.of(fields));

        assertThat(found.tools()).hasSize(many);
        assertThat(ToolFields.nameOf(found.tools().getFirst())).isEqualTo("f39999");
    }

    @Test
    void onlyAllowedToolsAreOffered() {
        String choice =
                TOOLS
                        + ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"%s\","
                        + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"%s\"}}]}}";

        JsonObject required = calls(OPEN, choice.formatted("required", "g"));

        assertThat(tags(required)).hasSize(1);
        assertThat(tags(required).getFirst().getString("begin")).contains("\"g\"");
        // None of them is strict.
        assertThat(OPEN.sequence(choice.formatted("auto", "f")).rules().guidance()).isEmpty();
        assertThatThrownBy(() -> OPEN.sequence(choice.formatted("auto", "h")))
                .hasMessageContaining("names no function of tools: h");
        assertThatThrownBy(() -> OPEN.sequence(choice.formatted("often", "f")))
                .hasMessageContaining("allowed_tools.mode");
        for (String tools : new String[] {"\"x\"", "[]", "null"}) {
            assertThatThrownBy(() ->
                            OPEN.sequence(
                                    TOOLS
                                            + ",\"tool_choice\":{\"type\":\"allowed_tools\","
                                            + "\"allowed_tools\":{\"mode\":\"auto\",\"tools\":"
                                            + tools
                                            + "}}"))
                    .isInstanceOf(InvalidRequest.class)
                    .hasMessageContaining("allowed_tools.tools");
        }
    }

    @Test
    void callsAreSpeltAsTheParserReadsThem() {
        assertThat(begin("deepseek-v3.1")).isEqualTo("<｜tool▁call▁begin｜>f<｜tool▁sep｜>");
        assertThat(begin("deepseek-r1"))
                .isEqualTo("<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n");
    }

    private static String begin(String parser) {
        ApiOptions options =
                new ApiOptions(
                        RequestLimits.DEFAULT,
                        false,
                        OptionalInt.empty(),
                        List.of(),
                        Optional.empty(),
                        Optional.of(parser),
                        Map.of());
        JsonArray parts =
                calls(TestServer.with(options), TOOLS + ",\"tool_choice\":\"required\"")
                        .getJsonArray("elements");

        assertThat(parts.getJsonObject(0).getString("value")).isEqualTo("<｜tool▁calls▁begin｜>");
        assertThat(parts.getJsonObject(2).getString("value")).isEqualTo("<｜tool▁calls▁end｜>");
        return tags(parts.getJsonObject(1)).getFirst().getString("begin");
    }

    @Test
    void aGuidedAnswerIsContentWhateverMarkersTheModelHas() {
        assertThat(OPEN.chat("\"guided_regex\":\"a\"").answer().parser().orElseThrow().guided())
                .isTrue();
        assertThat(OPEN.chat("").answer().parser().orElseThrow().guided()).isFalse();
    }
}
