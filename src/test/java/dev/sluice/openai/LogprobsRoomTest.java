package dev.sluice.openai;

import static dev.sluice.openai.TestServer.bytes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;

class LogprobsRoomTest {
    private static final ServedModel MODEL = TestServer.boundless().model();
    private static final int VOCABULARY = MODEL.tokenizer().vocabulary().size();

    /// For the whole vocabulary and the token itself, ten times.
    private static final RequestTranslator TEN_TOKENS =
            new RequestTranslator(
                    MODEL,
                    RequestValidator.create(),
                    () -> Instant.EPOCH,
                    new LogprobsRoom(10L * (VOCABULARY + 1)));

    private static PreparedRequest chat(String fields) {
        return TEN_TOKENS.chat(
                bytes(
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],%s}"
                                .formatted(fields)));
    }

    private static PreparedRequest completion(String fields) {
        return TEN_TOKENS.completion(bytes("{\"prompt\":\"abcdef\",%s}".formatted(fields)));
    }

    private static InvalidRequest refusal(boolean chat, String fields) {
        return TestServer.refusal(() -> {
            if (chat) {
                chat(fields);
            } else {
                completion(fields);
            }
        });
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\0',
            delimiter = '|',
            textBlock =
                    """
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1,"max_tokens":11
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1,"max_tokens":5,"n":3
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1,"max_tokens":6,"include_draft_logprobs":true
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":100,"max_tokens":30
                    true  | prompt_logprobs | "prompt_logprobs":-1,"max_tokens":1
                    true  | prompt_logprobs | "prompt_logprobs":-1,"max_tokens":1,"stream":true
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1,"n":11,"stream":true
                    true  | top_logprobs    | "logprobs":true,"top_logprobs":-1,"max_streaming_response_tokens":11,"stream":true
                    false | logprobs        | "logprobs":-1,"max_tokens":11
                    false | logprobs        | "logprobs":-1,"max_tokens":4,"best_of":3
                    false | logprobs        | "logprobs":-1,"max_tokens":6,"echo":true
                    false | logprobs        | "logprobs":-1,"max_tokens":6,"prompt_logprobs":-1
                    false | prompt_logprobs | "max_tokens":1,"prompt_logprobs":-1,"n":3
                    """)
    void anAnswerThatWouldNotFitIsRefused(boolean chat, String field, String fields) {
        InvalidRequest refused = refusal(chat, fields);

        assertThat(refused.param()).contains(field);
        assertThat(refused).hasMessageContaining("more than the " + 10 * (VOCABULARY + 1));
    }

    @Test
    void aRefusalSaysWhatWouldFit() {
        String whole = "\"logprobs\":true,\"top_logprobs\":-1,\"n\":3,\"max_tokens\":5";
        String stream = "\"logprobs\":true,\"top_logprobs\":-1,\"n\":11,\"stream\":true";

        assertThat(refusal(true, whole))
                .hasMessageContaining("max_tokens may be 3 at most for each choice")
                .hasMessageContaining("fewer alternatives, or stream");
        assertThat(refusal(true, stream)).hasMessageContaining("alternatives or choices");
    }

    @Test
    void whatFitsIsGranted() {
        String all = "\"logprobs\":true,\"top_logprobs\":-1,";

        assertThat(chat(all + "\"max_tokens\":10").sequences()).hasSize(1);
        assertThat(chat(all + "\"max_tokens\":5,\"n\":2").sequences()).hasSize(2);
        assertThat(chat(all + "\"stream\":true").sequences()).hasSize(1);
        assertThat(
                        completion("\"logprobs\":-1,\"max_tokens\":5,\"prompt_logprobs\":-1")
                                .sequences())
                .hasSize(1);
    }

    @Test
    void aFewAlternativesAreAlwaysGranted() {
        RequestTranslator full =
                new RequestTranslator(
                        MODEL, RequestValidator.create(), () -> Instant.EPOCH, new LogprobsRoom(1));

        PreparedRequest granted =
                full.completion(
                        bytes(
                                "{\"prompt\":\"abcdef\",\"logprobs\":20,\"prompt_logprobs\":20,"
                                        + "\"echo\":true,\"n\":2}"));

        assertThat(granted.sequences()).hasSize(2);
    }

    @Test
    void aGigabyteOfHeapHasRoomForWholeVocabulariesOfAFewTokens() {
        assertThat(LogprobsRoom.ofHeap(1L << 30).maxEntries()).isEqualTo(1 << 19);
    }
}
