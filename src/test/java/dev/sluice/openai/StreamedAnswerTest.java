package dev.sluice.openai;

import static dev.sluice.openai.AnswerScript.at;
import static dev.sluice.openai.AnswerScript.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

class StreamedAnswerTest {
    private static AnswerScript hi(AnswerScript script) {
        return script.started(0).text(0, "hi").finished(0, FinishReason.STOP, 1);
    }

    private static List<String> pointers(List<String> chunks, String pointer) {
        return chunks.stream().map(chunk -> at(chunk, pointer)).toList();
    }

    @Test
    void aChatIsARoleThenTextThenAnEnd() {
        assertThat(hi(AnswerScript.chat("ab")).allChunks())
                .containsExactly(
                        chat(
                                "\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"\","
                                        + "\"tool_calls\":null,\"prompt_token_ids\":null,"
                                        + "\"completion_token_ids\":null,\"content\":\"\"},"
                                        + "\"finish_reason\":null"),
                        chat(delta("h") + ",\"arrival_time\":1.0,\"finish_reason\":null"),
                        chat(delta("i") + ",\"arrival_time\":2.0,\"finish_reason\":null"),
                        chat(delta("") + ",\"arrival_time\":2.0,\"finish_reason\":\"stop\""));
    }

    private static String chat(String choice) {
        return json(
                "{\"id\":\"id-1\",\"object\":\"chat.completion.chunk\",\"created\":77,"
                        + "\"model\":\"m\",\"choices\":[{\"index\":0,"
                        + choice
                        + "}]}");
    }

    private static String delta(String content) {
        return "\"delta\":{\"reasoning_content\":\"\",\"prompt_token_ids\":null,\"tool_calls\":null,"
                + "\"completion_token_ids\":null,\"content\":\""
                + content
                + "\"},\"logprobs\":null,\"draft_logprobs\":null";
    }

    @Test
    void aCompletionIsTextThenAnEnd() {
        assertThat(hi(AnswerScript.completion("ab")).allChunks())
                .containsExactly(
                        completion("h", "1.0", "null"),
                        completion("i", "2.0", "null"),
                        completion("", "2.0", "\"stop\""));
    }

    private static String completion(String text, String arrival, String reason) {
        return json(
                """
                {"id":"id-1","object":"text_completion","created":77,"model":"m","choices":[
                  {"index":0,"text":"%s","prompt_token_ids":null,"completion_token_ids":null,
                   "tool_calls":null,"completion_tokens":null,"reasoning_content":"",
                   "arrival_time":%s,"logprobs":null,"draft_logprobs":null,"finish_reason":%s}]}
                """
                        .formatted(text, arrival, reason));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void usageComesOnceAtTheEnd(Kind kind) {
        List<String> chunks = hi(AnswerScript.of(kind).withUsage()).allChunks();

        assertThat(chunks).filteredOn(c -> c.contains("usage")).containsOnly(chunks.getLast());
        assertThat(at(chunks.getLast(), "/choices")).isEqualTo("[]");
        assertThat(at(chunks.getLast(), "/usage"))
                .isEqualTo(
                        json(
                                """
                                {"prompt_tokens":2,"total_tokens":4,"completion_tokens":2,
                                 "prompt_tokens_details":
                                   {"cached_tokens":1,"image_tokens":0,"video_tokens":0},
                                 "completion_tokens_details":
                                   {"reasoning_tokens":0,"image_tokens":0}}
                                """));
    }

    @Test
    void runningUsageIsThatOfTheChoice() {
        AnswerScript script = AnswerScript.chat("ab").n(2).withUsage().withContinuousUsage();

        List<String> chunks =
                script.started(0)
                        .text(0, "h")
                        .started(1)
                        .text(1, "xy")
                        .finished(0, FinishReason.STOP)
                        .finished(1, FinishReason.LENGTH)
                        .allChunks();

        assertThat(pointers(chunks, "/choices/0/index"))
                .containsExactly("0", "0", "1", "1", "1", "0", "1", "");
        assertThat(pointers(chunks, "/usage/completion_tokens"))
                .containsExactly("0", "1", "0", "1", "2", "1", "2", "3");
        assertThat(pointers(chunks, "/usage/prompt_tokens")).containsOnly("2");
    }

    @Test
    void runningUsageIsOnEveryChunkOfACompletion() {
        List<String> chunks = hi(AnswerScript.completion("ab").withContinuousUsage()).allChunks();

        assertThat(pointers(chunks, "/usage/completion_tokens")).containsExactly("1", "2", "2");
    }

    @Test
    void anEchoWaitsForTheFirstToken() {
        AnswerScript script = AnswerScript.completion("ab", "cd").withEcho().started(1);
        assertThat(script.chunks()).isEmpty();

        List<String> choices = script.text(1, "x").started(0).text(0, "y").text(1, "z").choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"cdx\"", "\"aby\"", "\"z\"");
    }

    @Test
    void anEchoAloneIsAChunk() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .withEcho()
                        .started(0)
                        .finished(0, FinishReason.LENGTH)
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"ab\"");
        assertThat(pointers(choices, "/finish_reason")).containsExactly("\"length\"");
    }

    @Test
    void aChunkWaitsForItsTokensAndTheEndForNone() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .tokensPerChunk(3)
                        .started(0)
                        .text(0, "abcdefgh")
                        .finished(0, FinishReason.STOP)
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"abc\"", "\"def\"", "\"gh\"");
        assertThat(pointers(choices, "/arrival_time")).containsExactly("3.0", "6.0", "8.0");
    }

    @Test
    void whatWaitsGoesOutWhereTheStreamBreaks() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .tokensPerChunk(3)
                        .started(0)
                        .text(0, "abcd")
                        .breakOff()
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"abc\"", "\"d\"");
    }

    @Test
    void whatASlowClientLeavesIsOneChunkAChoice() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .n(2)
                        .started(0)
                        .started(1)
                        .stall()
                        .text(0, "abc")
                        .text(1, "x")
                        .finished(0, FinishReason.STOP)
                        .resume()
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"abc\"", "\"x\"");
        assertThat(pointers(choices, "/finish_reason")).containsExactly("\"stop\"", "null");
    }

    @Test
    void textThatIsHeldBackIsNoChunk() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .started(0)
                        .token(0, "", 0xc3)
                        .token(0, "\u00e4", 0xa4)
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"\u00e4\"");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void measurementsAreOnEveryChunkWithNews(Kind kind) {
        List<String> chunks = hi(AnswerScript.of(kind).withMetrics()).allChunks();

        List<String> news = chunks.subList(kind == Kind.CHAT ? 1 : 0, chunks.size());
        assertThat(pointers(news, "/metrics"))
                .containsExactly(
                        "{\"time_in_queue\":0.002,\"first_token_time\":1.0,\"arrival_time\":1.0}",
                        "{\"time_in_queue\":0.002,\"first_token_time\":1.0,\"arrival_time\":2.0}",
                        "{\"time_in_queue\":0.002,\"first_token_time\":1.0,\"arrival_time\":2.0}");
        assertThat(pointers(news, "/choices/0/speculate_metrics")).containsOnly("null");
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT,STOP,stop",
        "CHAT,LENGTH,length",
        "CHAT,RECOVER_STOP,recover_stop",
        "COMPLETION,STOP,stop",
        "COMPLETION,LENGTH,length",
        "COMPLETION,RECOVER_STOP,recover_stop"
    })
    void everyEndHasItsName(Kind kind, FinishReason reason, String told) {
        List<String> choices =
                AnswerScript.of(kind).started(0).text(0, "h").finished(0, reason).choices();

        assertThat(pointers(choices, "/finish_reason").stream().distinct())
                .containsExactly("null", "\"" + told + "\"");
    }
}
