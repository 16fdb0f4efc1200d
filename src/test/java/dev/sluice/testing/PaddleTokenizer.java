package dev.sluice.testing;

import io.vertx.core.json.JsonObject;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// A tokenizer as models in Paddle's layout have it, of any size: a SentencePiece model of kind BPE
/// that falls back to bytes, and a chat template in tokenizer_config.json.
public final class PaddleTokenizer {
    /// Pieces of the trained model.
    private static final int TRAINED = 520;

    private static final int PIECES = 1 << 3 | 2;
    private static final int PIECE = 1 << 3 | 2;
    private static final int SCORE = 2 << 3 | 5;

    private static final String TEMPLATE =
            """
            {{- bos_token }}
            {%- for message in messages %}
                {%- if message['role'] == 'user' %}
                    {{- 'User: ' + message['content'] + '\\n' }}
                {%- elif message['role'] == 'assistant' %}
                    {{- 'Assistant: ' + message['content'] + eos_token }}
                {%- else %}
                    {{- message['content'] + '\\n' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- 'Assistant: ' }}
            {%- endif %}
            """;

    private PaddleTokenizer() {}

    /// The bytes of tokenizer.model: a small trained model, and words of no merge behind its
    /// pieces.
    ///
    /// A file of protobuf messages goes on with further elements of a list wherever they stand.
    ///
    /// @param size tokens, at least 520
    /// @see "https://github.com/google/sentencepiece, sentencepiece_model.proto"
    public static byte[] model(int size) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (InputStream trained =
                PaddleTokenizer.class.getResourceAsStream("/tokenizer/bpe.model")) {
            Objects.requireNonNull(trained).transferTo(out);
        }
        for (int id = TRAINED; id < size; id++) {
            byte[] text = ("filler" + id).getBytes(StandardCharsets.UTF_8);
            ByteBuffer piece = ByteBuffer.allocate(text.length + 7).order(ByteOrder.LITTLE_ENDIAN);
            piece.put((byte) PIECE).put((byte) text.length).put(text);
            piece.put((byte) SCORE).putFloat(-id);
            out.write(PIECES);
            out.write(piece.capacity());
            out.write(piece.array());
        }
        return out.toByteArray();
    }

    /// The text of tokenizer_config.json.
    public static String config() {
        return new JsonObject()
                .put("tokenizer_class", "Ernie4_5_Tokenizer")
                .put("bos_token", "<s>")
                .put("eos_token", "</s>")
                .put("unk_token", "<unk>")
                .put("chat_template", TEMPLATE)
                .encode();
    }
}
