package dev.sluice.openai;

import static dev.sluice.openai.AnswerScript.at;
import static dev.sluice.openai.AnswerScript.json;
import static dev.sluice.openai.ScriptedParser.begin;
import static dev.sluice.openai.ScriptedParser.call;
import static dev.sluice.openai.ScriptedParser.content;
import static dev.sluice.openai.ScriptedParser.reasoning;
import static dev.sluice.openai.ScriptedParser.slice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.openai.parsers.ParsedPiece;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

/// Thinking and calls of tools within streams.
class StreamedPartsTest {
    private static final String CALL_BEGIN =
            "[{\"index\":0,\"id\":\"chatcmpl-tool-0\",\"type\":\"function\","
                    + "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]";

    private static List<String> pointers(List<String> choices, String pointer) {
        return choices.stream().map(choice -> at(choice, pointer)).toList();
    }

    private static ScriptedParser thinkingThenCall() {
        return new ScriptedParser()
                .say(reasoning("hm"))
                .say(ParsedPiece.NONE)
                .say(call(begin(0, "f")))
                .say(call(slice(0, "{\"a\"")))
                .say(call(slice(0, ":1}")));
    }

    @Test
    void aChatTellsPartsAsTheyCome() {
        List<String> choices =
                AnswerScript.chat("ab")
                        .parsedBy(thinkingThenCall())
                        .started(0)
                        .text(0, "vwxyz")
                        .finished(0, FinishReason.STOP)
                        .choices()
                        .subList(1, 6);

        assertThat(choices.getFirst())
                .isEqualTo(
                        json(
                                """
                                {"index":0,"delta":{"reasoning_content":"hm",
                                   "prompt_token_ids":null,"tool_calls":null,
                                   "completion_token_ids":null,"content":""},
                                 "logprobs":null,"draft_logprobs":null,"arrival_time":1.0,
                                 "finish_reason":null}
                                """));
        assertThat(pointers(choices, "/delta/tool_calls"))
                .containsExactly(
                        "null",
                        CALL_BEGIN,
                        "[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]",
                        "[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]",
                        "null");
        assertThat(pointers(choices, "/delta/content")).containsOnly("\"\"");
        assertThat(pointers(choices, "/finish_reason"))
                .containsExactly("null", "null", "null", "null", "\"tool_calls\"");
    }

    @Test
    void aCompletionTellsPartsAsTheyCome() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .parsedBy(thinkingThenCall())
                        .started(0)
                        .text(0, "vwxyz")
                        .finished(0, FinishReason.STOP)
                        .choices();

        assertThat(pointers(choices, "/reasoning_content"))
                .containsExactly("\"hm\"", "\"\"", "\"\"", "\"\"", "\"\"");
        assertThat(at(choices.get(1), "/tool_calls")).isEqualTo(CALL_BEGIN);
        assertThat(pointers(choices, "/text")).containsOnly("\"\"");
        assertThat(at(choices.getLast(), "/finish_reason")).isEqualTo("\"tool_calls\"");
    }

    @Test
    void callsThatComeTogetherAreToldOnceEach() {
        ScriptedParser parser =
                new ScriptedParser()
                        .say(call(begin(0, "f"), slice(0, "{")))
                        .say(call(slice(0, "}"), begin(1, "g"), slice(1, "{}")));

        List<String> choices =
                AnswerScript.chat("ab")
                        .parsedBy(parser)
                        .started(0)
                        .stall()
                        .text(0, "xy")
                        .resume()
                        .choices();

        assertThat(at(choices.getLast(), "/delta/tool_calls"))
                .isEqualTo(
                        json(
                                """
                                [{"index":0,"id":"chatcmpl-tool-0","type":"function",
                                  "function":{"name":"f","arguments":"{}"}},
                                 {"index":1,"id":"chatcmpl-tool-1","type":"function",
                                  "function":{"name":"g","arguments":"{}"}}]
                                """));
    }

    @Test
    void argumentsOfCallsWaitForASlowClientAsTextDoes() {
        AnswerScript script =
                AnswerScript.chat("ab")
                        .parsedBy(
                                new ScriptedParser()
                                        .say(call(begin(0, "f"), slice(0, "x".repeat(1000)))))
                        .started(0)
                        .stall()
                        .text(0, "x");

        assertThat(script.pendingSize()).isEqualTo(1000);
        assertThat(script.resume().pendingSize()).isZero();
    }

    @Test
    void whatAParserHeldBackIsOnTheLastChunk() {
        List<String> choices =
                AnswerScript.chat("ab")
                        .parsedBy(new ScriptedParser().end(content("</thi")))
                        .started(0)
                        .text(0, "</thi")
                        .finished(0, FinishReason.LENGTH)
                        .choices();

        assertThat(choices).hasSize(2);
        assertThat(at(choices.getLast(), "/delta/content")).isEqualTo("\"</thi\"");
        assertThat(at(choices.getLast(), "/finish_reason")).isEqualTo("\"length\"");
    }

    @ParameterizedTest
    @CsvSource({"LENGTH,length", "RECOVER_STOP,recover_stop"})
    void aCallThatIsCutOffEndsAsWhatCutItOff(FinishReason reason, String told) {
        List<String> choices =
                AnswerScript.chat("ab")
                        .parsedBy(new ScriptedParser().say(call(begin(0, "f"), slice(0, "{\"a"))))
                        .started(0)
                        .text(0, "x")
                        .finished(0, reason)
                        .choices();

        assertThat(at(choices.getLast(), "/finish_reason")).isEqualTo("\"" + told + "\"");
        assertThat(at(choices.getLast(), "/delta/content")).isEqualTo("\"\"");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void thinkingIsCounted(Kind kind) {
        List<String> chunks =
                AnswerScript.of(kind)
                        .withUsage()
                        .parsedBy(new ScriptedParser().say(reasoning("hm")).thinks(1))
                        .started(0)
                        .text(0, "xy")
                        .finished(0, FinishReason.STOP)
                        .allChunks();

        assertThat(at(chunks.getLast(), "/usage/completion_tokens_details/reasoning_tokens"))
                .isEqualTo("1");
    }

    @Test
    void theEndOfTheOutputIsNoThinking() {
        ScriptedParser parser = new ScriptedParser();

        AnswerScript.chat("ab")
                .parsedBy(parser)
                .started(0)
                .text(0, "xy")
                .token(0, "", 257)
                .finished(0, FinishReason.STOP);

        assertThat(parser.given()).containsExactly("x[]1", "y[]2", "[]2", "ended");
    }

    @Test
    void eachChoiceHasItsOwnParser() {
        AnswerScript script =
                AnswerScript.chat("ab")
                        .n(2)
                        .parsedBy(new ScriptedParser().say(reasoning("a")))
                        .parsedBy(new ScriptedParser().say(content("b")));

        List<String> choices = script.started(0).started(1).text(1, "x").text(0, "x").choices();

        assertThat(pointers(choices, "/index")).containsExactly("0", "1", "1", "0");
        assertThat(pointers(choices, "/delta/content"))
                .containsExactly("\"\"", "\"\"", "\"b\"", "\"\"");
        assertThat(pointers(choices, "/delta/reasoning_content"))
                .containsExactly("\"\"", "\"\"", "\"\"", "\"a\"");
    }
}
