package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;

class TokenServiceTest {
    private static final TokenService SERVICE =
            new TokenService(TestServer.plain().model(), TestServer.VALIDATOR);

    private static String tokenize(String body) {
        return new String(SERVICE.tokenize(TestServer.bytes(body)), StandardCharsets.UTF_8);
    }

    private static String detokenize(String body) {
        return new String(SERVICE.detokenize(TestServer.bytes(body)), StandardCharsets.UTF_8);
    }

    @Test
    void aPromptGetsSpecialTokensUnlessTheRequestSaysNo() {
        assertThat(tokenize("{\"prompt\":\"A\"}"))
                .isEqualTo(
                        "{\"count\":2,\"max_model_len\":64,\"tokens\":[256,65],\"token_strs\":null}");
        assertThat(tokenize("{\"prompt\":\"A\",\"add_special_tokens\":false}"))
                .contains("\"tokens\":[65]");
        assertThat(tokenize("{\"prompt\":\"A\",\"return_token_strs\":true}"))
                .contains("\"token_strs\":[\"<bos>\",\"A\"]");
        assertThat(tokenize("{\"prompt\":\"\",\"add_special_tokens\":false}"))
                .contains("\"count\":0");
    }

    @Test
    void messagesGoThroughTheTemplate() {
        String hi = "{\"messages\":[{\"role\":\"u\",\"content\":\"hi\"}]";

        assertThat(tokenize(hi + "}")).contains("\"count\":" + "<u>hi</><a>".length());
        assertThat(tokenize(hi + ",\"add_generation_prompt\":false}"))
                .contains("\"count\":" + "<u>hi</>".length());
    }

    @Test
    void tokensBecomeTheTextThatTheyCameFrom() {
        assertThat(detokenize("{\"tokens\":[256,65,10]}")).isEqualTo("{\"prompt\":\"<bos>A\\n\"}");
        assertThat(detokenize("{\"tokens\":[]}")).isEqualTo("{\"prompt\":\"\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    {} | prompt | Either prompt or messages
                    {"prompt":5} | prompt | valid string
                    {"messages":[5]} | messages | valid dictionary
                    {"messages":[{"role":"u"}],"chat_template":"{% if"} | chat_template | The chat template failed
                    """)
    void refusesToTokenizeNamingTheField(String body, String param, String message) {
        InvalidRequest refusal = TestServer.refusal(() -> tokenize(body));

        assertThat(refusal.param()).contains(param);
        assertThat(refusal.text()).contains(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            textBlock =
                    """
                    {} | Field required
                    {"tokens":5} | valid list
                    {"tokens":["a"]} | valid integer
                    {"tokens":[258]} | outside the vocabulary
                    """)
    void refusesToDetokenizeNamingTheField(String body, String message) {
        InvalidRequest refusal = TestServer.refusal(() -> detokenize(body));

        assertThat(refusal.param()).contains("tokens");
        assertThat(refusal.text()).contains(message);
    }
}
