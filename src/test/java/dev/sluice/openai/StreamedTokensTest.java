package dev.sluice.openai;

import static dev.sluice.openai.AnswerScript.at;
import static dev.sluice.openai.AnswerScript.chosen;
import static dev.sluice.openai.AnswerScript.json;
import static dev.sluice.openai.AnswerScript.logprob;
import static dev.sluice.openai.ScriptedParser.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.openai.parsers.ParsedPiece;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// Ids, raw texts and log probabilities within streams.
class StreamedTokensTest {
    /// A letter, the halves of a character and a special token.
    private static final int[] IDS = {'a', 0xc3, 0xa4, ByteTokenizer.EOS};

    private static final JsonMapper JSON = JsonMapper.builder().build();

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static List<String> pointers(List<String> choices, String pointer) {
        return choices.stream().map(choice -> at(choice, pointer)).toList();
    }

    @Test
    void aChatTellsThePromptFirstAndTheIdsAfterwards() {
        List<String> choices =
                AnswerScript.chat("ab")
                        .withTokenIds()
                        .started(0)
                        .text(0, "h")
                        .stall()
                        .token(0, "", 257)
                        .finished(0, FinishReason.STOP)
                        .resume()
                        .choices();

        assertThat(choices)
                .containsExactly(
                        json(
                                """
                                {"index":0,"delta":{"role":"assistant","reasoning_content":"",
                                   "tool_calls":null,"prompt_token_ids":[97,98],
                                   "prompt_tokens":"ab","completion_token_ids":null,"content":""},
                                 "finish_reason":null}
                                """),
                        json(
                                """
                                {"index":0,"delta":{"reasoning_content":"","prompt_token_ids":null,
                                   "tool_calls":null,"completion_token_ids":[104],
                                   "completion_tokens":"h","content":"h"},
                                 "logprobs":null,"draft_logprobs":null,"arrival_time":1.0,
                                 "finish_reason":null}
                                """),
                        json(
                                """
                                {"index":0,"delta":{"reasoning_content":"","prompt_token_ids":null,
                                   "tool_calls":null,"completion_token_ids":[257],
                                   "completion_tokens":"<eos>","content":""},
                                 "logprobs":null,"draft_logprobs":null,"arrival_time":2.0,
                                 "finish_reason":"stop"}
                                """));
    }

    @Test
    void aCompletionTellsThePromptOnAChunkOfItsOwnAndEchoesItOnTheNext() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .withTokenIds()
                        .withEcho()
                        .started(0)
                        .text(0, "h")
                        .finished(0, FinishReason.LENGTH)
                        .choices();

        assertThat(choices)
                .containsExactly(
                        json(
                                """
                                {"index":0,"text":"","prompt_token_ids":[97,98],
                                 "prompt_tokens":"ab","completion_token_ids":null,
                                 "tool_calls":null,"completion_tokens":null,
                                 "reasoning_content":"","logprobs":null,"draft_logprobs":null,
                                 "finish_reason":null}
                                """),
                        json(
                                """
                                {"index":0,"text":"abh","prompt_token_ids":null,
                                 "completion_token_ids":[104],"tool_calls":null,
                                 "completion_tokens":"h","reasoning_content":"",
                                 "arrival_time":1.0,"logprobs":null,"draft_logprobs":null,
                                 "finish_reason":null}
                                """),
                        json(
                                """
                                {"index":0,"text":"","prompt_token_ids":null,
                                 "completion_token_ids":[],"tool_calls":null,
                                 "completion_tokens":"","reasoning_content":"",
                                 "arrival_time":1.0,"logprobs":null,"draft_logprobs":null,
                                 "finish_reason":"length"}
                                """));
    }

    @Test
    void aTokenWithinACharacterHasAChunkOfItsOwn() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .withLogprobs(0)
                        .started(0)
                        .token(0, "", chosen(0xc3, -1))
                        .token(0, "\u00e4", chosen(0xa4, -2))
                        .finished(0, FinishReason.STOP)
                        .choices();

        assertThat(pointers(choices, "/text")).containsExactly("\"\"", "\"\u00e4\"", "\"\"");
        assertThat(pointers(choices, "/logprobs/token_logprobs"))
                .containsExactly("[-1.0]", "[-2.0]", "");
        assertThat(pointers(choices, "/logprobs/text_offset")).containsExactly("[0]", "[0]", "");
    }

    @Test
    void aChatStreamsTheLogprobsOfItsChunk() {
        List<String> choices =
                AnswerScript.chat("ab")
                        .withLogprobs(1)
                        .started(0)
                        .token(0, "h", chosen('h', -1, logprob('i', -0.5, 1)))
                        .choices();

        assertThat(at(choices.getLast(), "/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"content":[{"token":"h","logprob":-1.0,"bytes":[104],
                                  "top_logprobs":[{"token":"i","logprob":-0.5,"bytes":[105]}]}],
                                 "refusal":null}
                                """));
        assertThat(choices.getFirst()).doesNotContain("logprobs");
    }

    @Test
    void whatAParserSwallowsTravelsWithTheNextChunk() {
        ScriptedParser parser =
                new ScriptedParser()
                        .say(content("h"))
                        .say(ParsedPiece.NONE)
                        .say(ParsedPiece.NONE)
                        .say(content("i"));
        List<String> choices =
                AnswerScript.chat("ab")
                        .withTokenIds()
                        .withLogprobs(0)
                        .parsedBy(parser)
                        .started(0)
                        .token(0, "h", chosen('h', -1))
                        .token(0, "<", chosen('<', -2))
                        .token(0, ">", chosen('>', -3))
                        .token(0, "i", chosen('i', -4))
                        .choices();

        assertThat(pointers(choices, "/delta/content")).containsExactly("\"\"", "\"h\"", "\"i\"");
        assertThat(pointers(choices, "/delta/completion_token_ids"))
                .containsExactly("null", "[104]", "[60,62,105]");
        assertThat(pointers(choices, "/delta/completion_tokens"))
                .containsExactly("", "\"h\"", "\"<>i\"");
        assertThat(pointers(choices, "/logprobs/content/2/logprob"))
                .containsExactly("", "", "-4.0");
    }

    @Test
    void thePromptsLogprobsAreOnTheFirstChunkOnly() {
        AnswerScript chat = AnswerScript.chat("ab").withPromptLogprobs(0);
        AnswerScript ids = AnswerScript.completion("ab").withPromptLogprobs(0).withTokenIds();
        AnswerScript text = AnswerScript.completion("ab").withPromptLogprobs(0);

        for (AnswerScript script : List.of(chat, ids, text)) {
            List<String> choices =
                    script.started(0, chosen('b', -1))
                            .text(0, "hi")
                            .finished(0, FinishReason.STOP)
                            .choices();
            assertThat(at(choices.getFirst(), "/prompt_logprobs"))
                    .isEqualTo(
                            "[null,{\"98\":{\"logprob\":-1.0,\"rank\":1,\"decoded_token\":\"b\"}}]");
            assertThat(choices.stream().skip(1)).noneMatch(c -> c.contains("prompt_logprobs"));
        }
    }

    @Test
    void anEchoedPromptIsScoredOnTheFirstChunk() {
        List<String> choices =
                AnswerScript.completion("ab")
                        .withEcho()
                        .withLogprobs(0)
                        .started(0, chosen('b', -1))
                        .token(0, "h", chosen('h', -2))
                        .token(0, "i", chosen('i', -3))
                        .choices();

        assertThat(pointers(choices, "/logprobs/token_logprobs"))
                .containsExactly("[null,-1.0,-2.0]", "[-3.0]");
        assertThat(pointers(choices, "/logprobs/text_offset")).containsExactly("[0,1,2]", "[3]");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aStreamIsTheWholeAnswerHoweverItIsCut(long seed) {
        for (Kind kind : Kind.values()) {
            AnswerScript stream = script(kind, seed);
            AnswerScript whole = script(kind, seed).whole();
            play(stream, seed, true);
            play(whole, seed, false);

            String body = whole.body();

            String message = kind == Kind.CHAT ? "/message" : "";
            String delta = kind == Kind.CHAT ? "/delta" : "";
            String text = kind == Kind.CHAT ? "/content" : "/text";
            String entries = kind == Kind.CHAT ? "/logprobs/content" : "/logprobs/tokens";
            for (int i = 0; i < 2; i++) {
                JsonNode choice = JSON.readTree(at(body, "/choices/" + i));
                List<JsonNode> pieces = pieces(stream, i);
                assertThat(texts(pieces, delta + text))
                        .isEqualTo(choice.at(message + text).asString());
                assertThat(texts(pieces, delta + "/completion_tokens"))
                        .isEqualTo(choice.at(message + "/completion_tokens").asString());
                assertThat(choice.at(message + "/completion_tokens").asString())
                        .isEqualTo(decoded(choice.at(message + "/completion_token_ids")));
                assertThat(elements(pieces, delta + "/completion_token_ids"))
                        .isEqualTo(elements(List.of(choice), message + "/completion_token_ids"));
                assertThat(elements(pieces, entries))
                        .isNotEmpty()
                        .isEqualTo(elements(List.of(choice), entries));
                assertThat(pieces.stream().map(p -> p.at("/finish_reason")))
                        .filteredOn(reason -> !reason.isNull())
                        .containsExactly(choice.at("/finish_reason"));
            }
        }
    }

    private static String decoded(JsonNode ids) {
        int[] all = new int[ids.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = ids.get(i).asInt();
        }
        return new ByteTokenizer().decode(TokenIds.of(all), false);
    }

    private static AnswerScript script(Kind kind, long seed) {
        AnswerScript script = AnswerScript.of(kind).n(2).withTokenIds().withLogprobs(1);
        SplittableRandom random = new SplittableRandom(seed);
        if (kind == Kind.COMPLETION && random.nextBoolean()) {
            script.withEcho();
        }
        return script.tokensPerChunk(random.nextInt(1, 4));
    }

    /// Two interleaved choices; now and then the client does not read.
    private static void play(AnswerScript script, long seed, boolean stalls) {
        SplittableRandom tokens = new SplittableRandom(seed);
        SplittableRandom pace = new SplittableRandom(~seed);
        script.started(0, chosen('b', -1)).started(1, chosen('b', -1));
        for (int i = tokens.nextInt(2, 30); i > 0; i--) {
            int id = IDS[tokens.nextInt(IDS.length)];
            String text = tokens.nextInt(3) == 0 ? "" : "t" + id;
            script.token(i % 2, text, chosen(id, -i, logprob(id, -i, 1)));
            if (stalls && pace.nextInt(3) == 0) {
                script.stall();
            } else if (stalls) {
                script.resume();
            }
        }
        script.finished(1, FinishReason.STOP).finished(0, FinishReason.LENGTH);
        if (stalls) {
            script.resume();
        }
    }

    private static List<JsonNode> pieces(AnswerScript script, int index) {
        return script.choices().stream()
                .map(JSON::readTree)
                .filter(choice -> choice.get("index").asInt() == index)
                .toList();
    }

    private static String texts(List<JsonNode> choices, String pointer) {
        StringBuilder all = new StringBuilder();
        for (JsonNode choice : choices) {
            JsonNode node = choice.at(pointer);
            if (node.isString()) {
                all.append(node.asString());
            }
        }
        return all.toString();
    }

    private static List<JsonNode> elements(List<JsonNode> choices, String pointer) {
        List<JsonNode> all = new ArrayList<>();
        choices.forEach(choice -> choice.at(pointer).forEach(all::add));
        return all;
    }
}
