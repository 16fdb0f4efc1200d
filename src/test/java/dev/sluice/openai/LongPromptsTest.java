package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.TokenizerLoader;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class LongPromptsTest {
    private static final TestServer SERVER = server();
    private static final String REFUSED =
            "Input text is too long, input_ids_len (at least 11111) >= max_model_len(64)";

    private static TestServer server() {
        ServedModel model = TestServer.plain().model();
        return new TestServer(
                new ServedModel(
                        "m",
                        Optional.empty(),
                        "m",
                        tokenizer(),
                        model.template(),
                        Map.of(),
                        model.defaults(),
                        model.options(),
                        TestServer.MAX_MODEL_LEN,
                        Instant.EPOCH));
    }

    /// Bytes, and no other tokens.
    private static Tokenizer tokenizer() {
        List<String> tokens = new ArrayList<>(List.of("<unk>"));
        List<Integer> types = new ArrayList<>(List.of(2));
        for (int value = 0; value < 256; value++) {
            tokens.add(String.format("<0x%02X>", value));
            types.add(6);
        }
        return TokenizerLoader.fromGguf(
                        Map.of(
                                "tokenizer.ggml.model",
                                "llama",
                                "tokenizer.ggml.tokens",
                                tokens,
                                "tokenizer.ggml.token_type",
                                types,
                                "tokenizer.ggml.scores",
                                Collections.nCopies(257, 0f),
                                "tokenizer.ggml.unknown_token_id",
                                0L))
                .tokenizer();
    }

    @Test
    void aWordThatCantFitIsRefusedAsAPromptThatIsTooLong() {
        String text = "a".repeat(66_666);

        InvalidRequest chat =
                TestServer.refusal(() ->
                        SERVER.chatBody(
                                "{\"chat_template\":\"{{ messages[0].content }}\",\"messages\":"
                                        + "[{\"role\":\"user\",\"content\":\"%s\"}]}"
                                                .formatted(text)));
        InvalidRequest completion =
                TestServer.refusal(() -> SERVER.completion("\"prompt\":\"%s\"".formatted(text)));

        assertThat(chat.text()).isEqualTo(completion.text()).isEqualTo(REFUSED);
        assertThat(chat.code()).isEqualTo(completion.code()).isEqualTo("context_length_exceeded");
        assertThat(chat.param()).contains("messages");
        assertThat(completion.param()).contains("prompt");
    }

    @Test
    void aPromptThatIsCutMayBeLonger() {
        PreparedRequest request =
                SERVER.completion(
                        "\"truncate_prompt_tokens\":5,\"prompt\":\"%s\""
                                .formatted("a".repeat(66_666)));

        assertThat(request.sequences().getFirst().prompt().size()).isEqualTo(5);
    }
}
