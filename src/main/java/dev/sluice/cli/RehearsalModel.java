package dev.sluice.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// A model of a few kilobytes with everything that a real one has: random weights, a tokenizer of
/// bytes, a chat template. It talks nonsense and never ends by itself.
///
/// For rehearsals of the server and for tests.
final class RehearsalModel {
    private static final long SEED = 25;
    private static final int HIDDEN = 64;
    private static final int FEED_FORWARD = 128;
    private static final int LAYERS = 2;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD = HIDDEN / HEADS;
    private static final int BYTES = 256;
    private static final int START = 256;
    private static final int END = 257;
    private static final int VOCABULARY = 258;
    private static final int CONTEXT = 32_768;
    private static final String TEMPLATE =
            "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' +"
                    + " message['content'] + '<|im_end|>\\n' }}{% endfor %}"
                    + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Map<String, int[]> shapes = new LinkedHashMap<>();

    private RehearsalModel() {}

    /// Writes it as a directory with config.json and safetensors, as Hugging Face has them.
    static void write(Path directory) throws IOException {
        Files.createDirectories(directory);
        write(directory, "config.json", config());
        write(directory, "generation_config.json", new JsonObject().put("eos_token_id", END));
        write(directory, "tokenizer.json", tokenizer());
        write(
                directory,
                "tokenizer_config.json",
                new JsonObject().put("eos_token", "<|im_end|>").put("chat_template", TEMPLATE));
        new RehearsalModel().writeWeights(directory.resolve("model.safetensors"));
    }

    private static void write(Path directory, String name, JsonObject json) throws IOException {
        Files.writeString(directory.resolve(name), json.encode());
    }

    private static JsonObject config() {
        return new JsonObject()
                .put("architectures", new JsonArray().add("LlamaForCausalLM"))
                .put("model_type", "llama")
                .put("vocab_size", VOCABULARY)
                .put("hidden_size", HIDDEN)
                .put("intermediate_size", FEED_FORWARD)
                .put("num_hidden_layers", LAYERS)
                .put("num_attention_heads", HEADS)
                .put("num_key_value_heads", KV_HEADS)
                .put("head_dim", HEAD)
                .put("max_position_embeddings", CONTEXT)
                .put("rms_norm_eps", 1e-5)
                .put("rope_theta", 10_000.0)
                .put("hidden_act", "silu")
                .put("tie_word_embeddings", true)
                .put("torch_dtype", "bfloat16")
                .put("eos_token_id", END);
    }

    private static JsonObject tokenizer() {
        JsonObject vocabulary = new JsonObject();
        for (int b = 0, other = 0; b < BYTES; b++) {
            boolean isPrintable = (b > 32 && b < 127) || (b > 160 && b != 173);
            vocabulary.put(String.valueOf((char) (isPrintable ? b : BYTES + other++)), b);
        }
        JsonObject byteLevel =
                new JsonObject()
                        .put("type", "ByteLevel")
                        .put("add_prefix_space", false)
                        .put("trim_offsets", true)
                        .put("use_regex", true);
        return new JsonObject()
                .put("version", "1.0")
                .put(
                        "added_tokens",
                        new JsonArray()
                                .add(special(START, "<|im_start|>"))
                                .add(special(END, "<|im_end|>")))
                .put("pre_tokenizer", byteLevel)
                .put("decoder", byteLevel.copy())
                .put(
                        "model",
                        new JsonObject()
                                .put("type", "BPE")
                                .put("vocab", vocabulary)
                                .put("merges", new JsonArray()));
    }

    private static JsonObject special(int id, String content) {
        return new JsonObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
    }

    private void writeWeights(Path file) throws IOException {
        shapes.put("model.embed_tokens.weight", new int[] {VOCABULARY, HIDDEN});
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "model.layers." + layer + ".";
            shapes.put(prefix + "input_layernorm.weight", new int[] {HIDDEN});
            shapes.put(prefix + "self_attn.q_proj.weight", new int[] {HEADS * HEAD, HIDDEN});
            shapes.put(prefix + "self_attn.k_proj.weight", new int[] {KV_HEADS * HEAD, HIDDEN});
            shapes.put(prefix + "self_attn.v_proj.weight", new int[] {KV_HEADS * HEAD, HIDDEN});
            shapes.put(prefix + "self_attn.o_proj.weight", new int[] {HIDDEN, HEADS * HEAD});
            shapes.put(prefix + "post_attention_layernorm.weight", new int[] {HIDDEN});
            shapes.put(prefix + "mlp.gate_proj.weight", new int[] {FEED_FORWARD, HIDDEN});
            shapes.put(prefix + "mlp.up_proj.weight", new int[] {FEED_FORWARD, HIDDEN});
            shapes.put(prefix + "mlp.down_proj.weight", new int[] {HIDDEN, FEED_FORWARD});
        }
        shapes.put("model.norm.weight", new int[] {HIDDEN});

        JsonObject header = new JsonObject();
        int end = 0;
        for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
            int begin = end;
            end += 2 * elements(tensor.getValue());
            JsonArray shape = new JsonArray();
            Arrays.stream(tensor.getValue()).forEach(shape::add);
            header.put(
                    tensor.getKey(),
                    new JsonObject()
                            .put("dtype", "BF16")
                            .put("shape", shape)
                            .put("data_offsets", new JsonArray().add(begin).add(end)));
        }
        byte[] json = header.encode().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out =
                ByteBuffer.allocate(Long.BYTES + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        shapes.forEach((name, shape) -> fill(out, name, shape));
        Files.write(file, out.array());
    }

    private static int elements(int[] shape) {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    private void fill(ByteBuffer out, String name, int[] shape) {
        boolean isNorm = shape.length == 1;
        for (int i = 0; i < elements(shape); i++) {
            // With a row of zeros in the tied head, the end is never the likeliest token.
            boolean isEnd = name.startsWith("model.embed") && i / HIDDEN >= START;
            double value = isNorm ? 1 : isEnd ? 0 : random.nextGaussian() / Math.sqrt(HIDDEN);
            out.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
        }
    }
}
