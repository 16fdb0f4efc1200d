package dev.sluice.openai;

import static dev.sluice.openai.AnswerScript.at;
import static dev.sluice.openai.AnswerScript.chosen;
import static dev.sluice.openai.AnswerScript.json;
import static dev.sluice.openai.ScriptedParser.begin;
import static dev.sluice.openai.ScriptedParser.call;
import static dev.sluice.openai.ScriptedParser.content;
import static dev.sluice.openai.ScriptedParser.reasoning;
import static dev.sluice.openai.ScriptedParser.slice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;

class WholeAnswerTest {
    @Test
    void aChatHasEveryFieldInItsPlace() {
        String body =
                AnswerScript.chat("ab")
                        .whole()
                        .started(0)
                        .text(0, "hi")
                        .token(0, "", 257)
                        .finished(0, FinishReason.STOP, 1)
                        .body();

        assertThat(body)
                .isEqualTo(
                        json(
                                """
                                {"id":"id-1","object":"chat.completion","created":77,"model":"m",
                                 "choices":[{"index":0,"message":{"role":"assistant","content":"hi",
                                   "reasoning_content":null,"tool_calls":null,
                                   "prompt_token_ids":null,"completion_token_ids":null,
                                   "prompt_tokens":null,"completion_tokens":null},
                                   "logprobs":null,"draft_logprobs":null,"finish_reason":"stop"}],
                                 "usage":{"prompt_tokens":2,"total_tokens":5,"completion_tokens":3,
                                   "prompt_tokens_details":
                                     {"cached_tokens":1,"image_tokens":0,"video_tokens":0},
                                   "completion_tokens_details":
                                     {"reasoning_tokens":0,"image_tokens":0}}}
                                """));
    }

    @Test
    void aCompletionHasEveryFieldInItsPlace() {
        String body =
                AnswerScript.completion("ab")
                        .withEcho()
                        .whole()
                        .started(0)
                        .text(0, "hi")
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(body)
                .isEqualTo(
                        json(
                                """
                                {"id":"id-1","object":"text_completion","created":77,"model":"m",
                                 "choices":[{"index":0,"text":"abhi","prompt_token_ids":null,
                                   "completion_token_ids":null,"prompt_tokens":null,
                                   "completion_tokens":null,"arrival_time":null,"logprobs":null,
                                   "draft_logprobs":null,"reasoning_content":null,
                                   "finish_reason":"length","tool_calls":null}],
                                 "usage":{"prompt_tokens":2,"total_tokens":4,"completion_tokens":2,
                                   "prompt_tokens_details":
                                     {"cached_tokens":0,"image_tokens":0,"video_tokens":0},
                                   "completion_tokens_details":
                                     {"reasoning_tokens":0,"image_tokens":0}}}
                                """));
    }

    @Test
    void choicesOfOnePromptStandTogetherAndCountItOnce() {
        AnswerScript script = AnswerScript.completion("abc", "de").n(2).whole();
        for (int i = 3; i >= 0; i--) {
            script.started(i)
                    .text(i, "x".repeat(i + 1))
                    .finished(i, FinishReason.STOP, i == 0 ? 1 : 2);
        }

        String body = script.body();

        for (int i = 0; i < 4; i++) {
            assertThat(at(body, "/choices/" + i + "/index")).isEqualTo("" + i);
            assertThat(at(body, "/choices/" + i + "/text"))
                    .isEqualTo("\"" + "x".repeat(i + 1) + "\"");
        }
        assertThat(at(body, "/usage/prompt_tokens")).isEqualTo("5");
        assertThat(at(body, "/usage/completion_tokens")).isEqualTo("10");
        assertThat(at(body, "/usage/total_tokens")).isEqualTo("15");
        assertThat(at(body, "/usage/prompt_tokens_details/cached_tokens")).isEqualTo("3");
    }

    @Test
    void theLikeliestCandidateIsTheChoiceAndAllAreCounted() {
        AnswerScript script = AnswerScript.completion("abc", "de").bestOf(3).whole();
        for (int i = 0; i < 6; i++) {
            script.started(i);
        }
        script.token(0, "a", chosen('a', -0.5)).token(0, "b", chosen('b', -1.5));
        script.token(1, "c", chosen('c', -0.75));
        script.token(2, "d", chosen('d', -2)).token(2, "e", chosen('e', -0.25));
        script.token(3, "f", chosen('f', -3));
        script.token(4, "g", chosen('g', -4));
        script.token(5, "h", chosen('h', -3));
        for (int i = 0; i < 6; i++) {
            script.finished(i, FinishReason.STOP);
        }

        String body = script.body();

        assertThat(at(body, "/choices/0/text")).isEqualTo("\"c\"");
        assertThat(at(body, "/choices/1/text")).isEqualTo("\"f\"");
        assertThat(at(body, "/choices/1/index")).isEqualTo("1");
        assertThat(at(body, "/choices/2")).isEmpty();
        assertThat(at(body, "/choices/0/logprobs")).isEqualTo("null");
        assertThat(at(body, "/usage/prompt_tokens")).isEqualTo("5");
        assertThat(at(body, "/usage/completion_tokens")).isEqualTo("8");
    }

    @Test
    void aLongCandidateIsNoLessLikelyForItsLength() {
        AnswerScript script = AnswerScript.completion("ab").bestOf(2).whole().started(0).started(1);
        script.token(0, "a", chosen('a', -0.5)).token(0, "b", chosen('b', -0.5));
        script.token(1, "c", chosen('c', -0.75));

        String body = script.finished(0, FinishReason.STOP).finished(1, FinishReason.STOP).body();

        assertThat(at(body, "/choices/0/text")).isEqualTo("\"ab\"");
    }

    @Test
    void rawTextThatGoesOnAfterThePromptKeepsItsFirstSpace() {
        Path model = Path.of("src/test/resources/tokenizer/bpe.model");
        Tokenizer tokenizer = TokenizerLoader.fromSentencePiece(model).tokenizer();
        AnswerScript script =
                AnswerScript.completion("ab")
                        .continuing(tokenizer)
                        .withTokenIds()
                        .whole()
                        .started(0);
        for (int id : tokenizer.encode("gate", false).toArray()) {
            script.token(0, "", id);
        }

        String body = script.finished(0, FinishReason.LENGTH).body();

        assertThat(at(body, "/choices/0/completion_tokens")).isEqualTo("\" gate\"");
    }

    @Test
    void idsAndRawTextsOfAChatAreInItsMessage() {
        String body =
                AnswerScript.chat("ab")
                        .withTokenIds()
                        .parsedBy(new ScriptedParser().say(reasoning("h")).say(content("i")))
                        .whole()
                        .started(0)
                        .text(0, "hi")
                        .token(0, "", 257)
                        .finished(0, FinishReason.STOP)
                        .body();

        assertThat(at(body, "/choices/0/message"))
                .isEqualTo(
                        json(
                                """
                                {"role":"assistant","content":"i","reasoning_content":"h",
                                 "tool_calls":null,"prompt_token_ids":[97,98],
                                 "completion_token_ids":[104,105,257],
                                 "prompt_tokens":"ab","completion_tokens":"hi<eos>"}
                                """));
    }

    @Test
    void idsAndRawTextsOfACompletionAreInItsChoice() {
        String body =
                AnswerScript.completion("ab")
                        .withTokenIds()
                        .whole()
                        .started(0)
                        .text(0, "h")
                        .token(0, "", 257)
                        .finished(0, FinishReason.STOP)
                        .body();

        assertThat(at(body, "/choices/0"))
                .isEqualTo(
                        json(
                                """
                                {"index":0,"text":"h","prompt_token_ids":[97,98],
                                 "completion_token_ids":[104,257],"prompt_tokens":"ab",
                                 "completion_tokens":"h<eos>","arrival_time":null,"logprobs":null,
                                 "draft_logprobs":null,"reasoning_content":null,
                                 "finish_reason":"stop","tool_calls":null}
                                """));
    }

    @Test
    void aParsedAnswerHasItsPartsApart() {
        ScriptedParser parser =
                new ScriptedParser()
                        .say(reasoning("hm"))
                        .say(call(begin(0, "f"), slice(0, "{\"a\":")))
                        .say(call(slice(0, "1}"), begin(1, "g")))
                        .thinks(3);
        AnswerScript script = AnswerScript.chat("ab").parsedBy(parser).whole().started(0);

        String body =
                script.text(0, "x").marker(0, 3).text(0, "y").finished(0, FinishReason.STOP).body();

        assertThat(parser.given()).containsExactly("x[]1", "[3]2", "y[]3", "ended");
        assertThat(at(body, "/choices/0/finish_reason")).isEqualTo("\"tool_calls\"");
        assertThat(at(body, "/usage/completion_tokens_details/reasoning_tokens")).isEqualTo("3");
        assertThat(at(body, "/choices/0/message"))
                .isEqualTo(
                        json(
                                """
                                {"role":"assistant","content":"","reasoning_content":"hm",
                                 "tool_calls":[
                                   {"id":"chatcmpl-tool-0","type":"function",
                                    "function":{"name":"f","arguments":"{\\"a\\":1}"}},
                                   {"id":"chatcmpl-tool-1","type":"function",
                                    "function":{"name":"g","arguments":"{}"}}],
                                 "prompt_token_ids":null,"completion_token_ids":null,
                                 "prompt_tokens":null,"completion_tokens":null}
                                """));
    }

    @Test
    void completionsAreParsedToo() {
        ScriptedParser parser =
                new ScriptedParser().say(reasoning("hm")).end(call(begin(0, "f"), slice(0, "{}")));

        String body =
                AnswerScript.completion("ab")
                        .withEcho()
                        .parsedBy(parser)
                        .whole()
                        .started(0)
                        .text(0, "x")
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(parser.given()).containsExactly("x[]1", "cut off");
        assertThat(at(body, "/choices/0/text")).isEqualTo("\"ab\"");
        assertThat(at(body, "/choices/0/reasoning_content")).isEqualTo("\"hm\"");
        assertThat(at(body, "/choices/0/tool_calls/0/function/name")).isEqualTo("\"f\"");
        assertThat(at(body, "/choices/0/finish_reason")).isEqualTo("\"length\"");
    }

    @Test
    void aCallThatIsNotWholeIsLeftOut() {
        ScriptedParser parser =
                new ScriptedParser().say(call(begin(0, "f"), slice(0, "{\"a"))).neverWhole();

        String body =
                AnswerScript.chat("ab")
                        .parsedBy(parser)
                        .whole()
                        .started(0)
                        .text(0, "x")
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/message/tool_calls")).isEqualTo("null");
        assertThat(at(body, "/choices/0/finish_reason")).isEqualTo("\"length\"");
    }

    @ParameterizedTest
    @CsvSource({"STOP,tool_calls", "LENGTH,length", "RECOVER_STOP,recover_stop"})
    void callsEndAnAnswerOnlyWhereNothingCutItOff(FinishReason reason, String told) {
        String body =
                AnswerScript.chat("ab")
                        .parsedBy(new ScriptedParser().say(call(begin(0, "f"))))
                        .whole()
                        .started(0)
                        .text(0, "x")
                        .finished(0, reason)
                        .body();

        assertThat(at(body, "/choices/0/finish_reason")).isEqualTo("\"" + told + "\"");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void anAnswerWithoutBlocksIsWhatThereIs(Kind kind) {
        String body =
                AnswerScript.of(kind)
                        .whole()
                        .started(0)
                        .text(0, "hi")
                        .finished(0, FinishReason.RECOVER_STOP)
                        .body();

        assertThat(at(body, "/choices/0/finish_reason")).isEqualTo("\"recover_stop\"");
        assertThat(body).contains("\"hi\"");
    }
}
