package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Writes a GGUF file of a Llama with two layers, hidden size 64, 2 query heads and 1 key head of
/// 32, vocabulary 40.
final class TinyGguf {
    static final int VOCAB = 40;

    private TinyGguf() {}

    static Map<String, Object> metadata() {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", "llama");
        metadata.put("llama.embedding_length", 64L);
        metadata.put("llama.feed_forward_length", 96L);
        metadata.put("llama.block_count", 2L);
        metadata.put("llama.attention.head_count", 2L);
        metadata.put("llama.attention.head_count_kv", 1L);
        metadata.put("llama.attention.layer_norm_rms_epsilon", 1e-5);
        metadata.put("llama.context_length", 256L);
        metadata.put("llama.rope.freq_base", 10_000.0);
        metadata.put("tokenizer.ggml.tokens", tokens());
        metadata.put("tokenizer.ggml.scores", new float[] {0.5f, -1});
        metadata.put("tokenizer.ggml.token_type", new int[] {1, 3, 1});
        metadata.put("tokenizer.ggml.eos_token_id", 7L);
        metadata.put("tokenizer.ggml.add_bos_token", true);
        return metadata;
    }

    private static String[] tokens() {
        String[] tokens = new String[VOCAB];
        for (int i = 0; i < VOCAB; i++) {
            tokens[i] = i == 3 ? "<|endoftext|>" : "t" + i;
        }
        return tokens;
    }

    static List<StoredTensor> tensors(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<StoredTensor> tensors = new ArrayList<>();
        tensors.add(tensor(random, "token_embd.weight", VOCAB, 64));
        tensors.add(tensor(random, "output_norm.weight", 64));
        for (int i = 0; i < 2; i++) {
            String blk = "blk." + i + ".";
            tensors.add(tensor(random, blk + "attn_norm.weight", 64));
            tensors.add(tensor(random, blk + "attn_q.weight", 64, 64));
            tensors.add(tensor(random, blk + "attn_k.weight", 32, 64));
            tensors.add(tensor(random, blk + "attn_v.weight", 32, 64));
            tensors.add(tensor(random, blk + "attn_output.weight", 64, 64));
            tensors.add(tensor(random, blk + "ffn_norm.weight", 64));
            tensors.add(tensor(random, blk + "ffn_gate.weight", 96, 64));
            tensors.add(tensor(random, blk + "ffn_up.weight", 96, 64));
            tensors.add(tensor(random, blk + "ffn_down.weight", 64, 96));
        }
        return tensors;
    }

    /// The same with the rows of queries and keys as the converter leaves them.
    static List<StoredTensor> paired(List<StoredTensor> tensors) {
        return tensors.stream()
                .map(tensor ->
                        tensor.name().contains(".attn_q.") || tensor.name().contains(".attn_k.")
                                ? paired(tensor)
                                : tensor)
                .toList();
    }

    /// Of each head of 32, row 0, 16, 1, 17 and so on.
    private static StoredTensor paired(StoredTensor tensor) {
        int rows = tensor.shape().dim(0);
        long rowBytes = tensor.data().byteSize() / rows;
        MemorySegment out = MemorySegment.ofArray(new byte[(int) tensor.data().byteSize()]);
        for (int row = 0; row < rows; row++) {
            int inHead = row % 32;
            int from = row - inHead + inHead / 2 + inHead % 2 * 16;
            MemorySegment.copy(tensor.data(), from * rowBytes, out, row * rowBytes, rowBytes);
        }
        return new StoredTensor(tensor.name(), tensor.dtype(), tensor.shape(), out);
    }

    static StoredTensor tensor(SplittableRandom random, String name, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * 0.2 + (dims.length == 1 ? 1 : 0));
        }
        return new StoredTensor(name, DType.F32, shape, MemorySegment.ofArray(floatBytes(values)));
    }

    /// Bytes, because a segment over a float array can't be read with unaligned layouts of shorts.
    static byte[] floatBytes(float[] values) {
        byte[] bytes = new byte[4 * values.length];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < values.length; i++) {
            segment.set(ByteCursor.FLOAT, 4L * i, values[i]);
        }
        return bytes;
    }

    /// Writes the file with its matrices in a type.
    static Path write(Path file, DType matrices) throws IOException {
        GgufWriter.write(
                file,
                metadata(),
                tensors(1),
                tensor -> tensor.shape().rank() == 2 ? matrices : DType.F32);
        return file;
    }
}
