package dev.sluice.openai;

import static dev.sluice.openai.AnswerScript.at;
import static dev.sluice.openai.AnswerScript.chosen;
import static dev.sluice.openai.AnswerScript.json;
import static dev.sluice.openai.AnswerScript.logprob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.IncrementalDetokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

class LogprobsAnswerTest {
    private static final TokenLogprobs H =
            chosen('h', -0.5, logprob('i', -0.25, 1), logprob('h', -0.5, 2));
    private static final TokenLogprobs EOS =
            chosen(257, -0.125, logprob(257, -0.125, 1), logprob(0xc3, -9999, 200));

    private static AnswerScript twoTokens(AnswerScript script) {
        return script.started(0).token(0, "h", H).token(0, "", EOS).finished(0, FinishReason.STOP);
    }

    @Test
    void aChatTellsOfEachTokenAndItsAlternatives() {
        String body = twoTokens(AnswerScript.chat("ab").withLogprobs(2).whole()).body();

        assertThat(at(body, "/choices/0/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"content":[
                                  {"token":"h","logprob":-0.5,"bytes":[104],"top_logprobs":[
                                    {"token":"i","logprob":-0.25,"bytes":[105]},
                                    {"token":"h","logprob":-0.5,"bytes":[104]}]},
                                  {"token":"<eos>","logprob":-0.125,"bytes":[60,101,111,115,62],
                                   "top_logprobs":[
                                    {"token":"<eos>","logprob":-0.125,"bytes":[60,101,111,115,62]},
                                    {"token":"bytes:\\\\xc3","logprob":-9999.0,"bytes":[195]}]}],
                                 "refusal":null}
                                """));
    }

    @Test
    void withoutAlternativesTheListIsEmpty() {
        String body = twoTokens(AnswerScript.chat("ab").withLogprobs(0).whole()).body();

        assertThat(at(body, "/choices/0/logprobs/content/0"))
                .isEqualTo(
                        json(
                                """
                                {"token":"h","logprob":-0.5,"bytes":[104],"top_logprobs":[]}
                                """));
    }

    @Test
    void textsOfTokensCanBeLeftOut() {
        AnswerScript chat = AnswerScript.chat("ab").withLogprobs(1).withoutTokenTexts().whole();
        AnswerScript completion =
                AnswerScript.completion("ab").withLogprobs(2).withoutTokenTexts().whole();

        assertThat(at(twoTokens(chat).body(), "/choices/0/logprobs/content/0"))
                .isEqualTo(
                        json(
                                """
                                {"token":"","logprob":-0.5,"bytes":[],
                                 "top_logprobs":[{"token":"","logprob":-0.25,"bytes":[]}]}
                                """));
        assertThat(at(twoTokens(completion).body(), "/choices/0/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"tokens":["",""],"token_logprobs":[-0.5,-0.125],
                                 "top_logprobs":[{"token_id:105":-0.25,"token_id:104":-0.5},
                                   {"token_id:257":-0.125,"token_id:195":-9999.0}],
                                 "text_offset":[0,1]}
                                """));
    }

    @Test
    void aCompletionTellsInColumns() {
        String body = twoTokens(AnswerScript.completion("ab").withLogprobs(1).whole()).body();

        assertThat(at(body, "/choices/0/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"tokens":["h","<eos>"],"token_logprobs":[-0.5,-0.125],
                                 "top_logprobs":[{"i":-0.25},{"<eos>":-0.125}],
                                 "text_offset":[0,1]}
                                """));
    }

    @Test
    void alternativesOfOneTextAreTheLikeliestOfThem() {
        String body =
                AnswerScript.completion("ab")
                        .withLogprobs(2)
                        .whole()
                        .started(0)
                        .token(0, "h", chosen('h', -1, logprob(300, -0.5, 1), logprob(400, -1, 2)))
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/logprobs/top_logprobs")).isEqualTo("[{\"\":-0.5}]");
    }

    @Test
    void anEchoTellsOfThePromptAndMovesTheOffsets() {
        String body =
                AnswerScript.completion("a\u00e4")
                        .withEcho()
                        .withLogprobs(1)
                        .whole()
                        .started(
                                0,
                                chosen(0xc3, -2, logprob('b', -1, 1)),
                                chosen(0xa4, -0.5, logprob(0xa4, -0.5, 1)))
                        .token(0, "", chosen(0xc3, -3))
                        .token(0, "\u00f6", chosen(0xb6, -4))
                        .token(0, "h", H)
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/text")).isEqualTo("\"a\u00e4\u00f6h\"");
        assertThat(at(body, "/choices/0/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"tokens":["a","bytes:\\\\xc3","bytes:\\\\xa4","bytes:\\\\xc3",
                                   "bytes:\\\\xb6","h"],
                                 "token_logprobs":[null,-2.0,-0.5,-3.0,-4.0,-0.5],
                                 "top_logprobs":[null,{"b":-1.0},{"bytes:\\\\xa4":-0.5},{},{},
                                   {"i":-0.25}],
                                 "text_offset":[0,1,1,2,2,3]}
                                """));
    }

    @Test
    void offsetsCountCharactersOutsideTheBasicPlaneOnce() {
        String body =
                AnswerScript.completion("😀a")
                        .withEcho()
                        .withLogprobs(0)
                        .whole()
                        .started(
                                0,
                                chosen(0x9f, -1),
                                chosen(0x98, -1),
                                chosen(0x80, -1),
                                chosen('a', -1))
                        .token(0, "", chosen(0xf0, -1))
                        .token(0, "", chosen(0x9f, -1))
                        .token(0, "", chosen(0x98, -1))
                        .token(0, "😀", chosen(0x80, -1))
                        .token(0, "h", H)
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/text")).isEqualTo("\"😀a😀h\"");
        assertThat(at(body, "/choices/0/logprobs/text_offset")).isEqualTo("[0,0,0,0,1,2,2,2,2,3]");
    }

    @Test
    void aSpecialTokenThatIsLeftOutMovesNoOffset() {
        String body =
                AnswerScript.completion("ab")
                        .withLogprobs(0)
                        .whole()
                        .started(0)
                        .token(0, "h", H)
                        .token(0, "", EOS)
                        .token(0, "i", chosen('i', -1))
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/logprobs/text_offset")).isEqualTo("[0,1,1]");
    }

    @Test
    void aPromptCanBeScoredAlone() {
        String body =
                AnswerScript.completion("ab")
                        .withEcho()
                        .withLogprobs(0)
                        .whole()
                        .started(0, chosen('b', -2))
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/text")).isEqualTo("\"ab\"");
        assertThat(at(body, "/choices/0/logprobs"))
                .isEqualTo(
                        json(
                                """
                                {"tokens":["a","b"],"token_logprobs":[null,-2.0],
                                 "top_logprobs":[null,{}],"text_offset":[0,1]}
                                """));
        assertThat(at(body, "/usage/completion_tokens")).isEqualTo("0");
    }

    @Test
    void specialTokensOfAPromptCountOnlyWhereTheyWereWritten() {
        TokenIds ids = TokenIds.of(ByteTokenizer.BOS, 'a', ByteTokenizer.EOS, 'b');

        int[] offsets = TextOffsets.ofPrompt(ids, "a<eos>b", new ByteTokenizer().vocabulary());

        assertThat(offsets).containsExactly(0, 0, 1, 6);
    }

    @Test
    void aTokenBeginsBehindTheCharacterThatItDoesNotGoOnWith() {
        TokenIds prompt = TokenIds.of(0xc3, 'a', 0xe4, 0xbd, ByteTokenizer.EOS, 0xc3, 0xc3, 0xa4);
        String text = "�a�<eos>�ä";
        TextOffsets answer =
                new TextOffsets(
                        new IncrementalDetokenizer(new ByteTokenizer().vocabulary(), true), "");

        assertThat(TextOffsets.ofPrompt(prompt, text, new ByteTokenizer().vocabulary()))
                .containsExactly(0, 1, 2, 2, 3, 8, 9, 9);
        assertThat(List.of(answer.next(0xe4), answer.next('a'), answer.next('b')))
                .containsExactly(0, 1, 2);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void thePromptsOwnLogprobsNameIdsRanksAndTexts(Kind kind) {
        String body =
                AnswerScript.of(kind)
                        .withPromptLogprobs(1)
                        .whole()
                        .started(
                                0,
                                new TokenLogprobs(
                                        logprob('b', -2, 7), List.of(logprob(0xc3, -1, 1))))
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/prompt_logprobs"))
                .isEqualTo(
                        json(
                                """
                                [null,{"98":{"logprob":-2.0,"rank":7,"decoded_token":"b"},
                                  "195":{"logprob":-1.0,"rank":1,"decoded_token":"bytes:\\\\xc3"}}]
                                """));
        assertThat(at(body, "/choices/0/logprobs")).isEqualTo("null");
    }

    @Test
    void theTokenThatIsThereIsToldOnceOfAPrompt() {
        String body =
                AnswerScript.chat("ab")
                        .withPromptLogprobs(2)
                        .withoutTokenTexts()
                        .whole()
                        .started(0, chosen('b', -1, logprob('b', -1, 1), logprob('c', -2, 2)))
                        .finished(0, FinishReason.LENGTH)
                        .body();

        assertThat(at(body, "/choices/0/prompt_logprobs/1"))
                .isEqualTo(
                        json(
                                """
                                {"98":{"logprob":-1.0,"rank":1,"decoded_token":null},
                                 "99":{"logprob":-2.0,"rank":2,"decoded_token":null}}
                                """));
    }
}
