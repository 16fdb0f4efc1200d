package dev.sluice.model;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// The random weights of a plain decoder, bfloat16, under transformers' names.
///
/// Matrices are views, at different places, of one run of random numbers that is as long as the
/// largest of them: as good for a benchmark as numbers of their own, at a fraction of the memory.
/// Owns that memory.
final class RandomTensors implements TensorFile {
    /// Standard deviation of the weights: activations neither vanish nor explode with it.
    private static final double DEVIATION = 0.03;

    private static final int VIEW_ALIGNMENT = 64;

    private final String name;
    private final SplittableRandom random;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment run;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    RandomTensors(String name, ModelConfig config, long seed) {
        this.name = name;
        this.random = new SplittableRandom(seed);
        int hidden = config.hiddenSize();
        int inner = config.intermediateSize();
        int query = config.numHeads() * config.headDim();
        int key = config.numKvHeads() * config.headDim();
        this.run = randomRun((long) Math.max(config.vocabSize(), 2 * inner) * hidden);
        matrix("model.embed_tokens", config.vocabSize(), hidden);
        for (int i = 0; i < config.numLayers(); i++) {
            String layer = "model.layers." + i + ".";
            norm(layer + "input_layernorm", hidden);
            matrix(layer + "self_attn.q_proj", query, hidden);
            matrix(layer + "self_attn.k_proj", key, hidden);
            matrix(layer + "self_attn.v_proj", key, hidden);
            matrix(layer + "self_attn.o_proj", hidden, query);
            norm(layer + "post_attention_layernorm", hidden);
            matrix(layer + "mlp.gate_proj", inner, hidden);
            matrix(layer + "mlp.up_proj", inner, hidden);
            matrix(layer + "mlp.down_proj", hidden, inner);
        }
        norm("model.norm", hidden);
    }

    /// Uniform numbers, which are quicker to make than normal ones.
    private MemorySegment randomRun(long elements) {
        MemorySegment numbers = arena.allocate(DType.BF16.bytesFor(elements), VIEW_ALIGNMENT);
        float scale = (float) (DEVIATION * Math.sqrt(3) / (1 << 23));
        for (long i = 0; i < elements; i++) {
            int bits = random.nextInt() >> 8;
            numbers.set(ByteCursor.SHORT, 2 * i, Bfloat16.bits(bits * scale));
        }
        return numbers;
    }

    private void matrix(String path, int rows, int cols) {
        long bytes = DType.BF16.bytesFor((long) rows * cols);
        long places = (run.byteSize() - bytes) / VIEW_ALIGNMENT + 1;
        long start = random.nextLong(places) * VIEW_ALIGNMENT;
        put(path, Shape.of(rows, cols), run.asSlice(start, bytes));
    }

    private void norm(String path, int length) {
        MemorySegment weight = arena.allocate(2L * length, VIEW_ALIGNMENT);
        for (int i = 0; i < length; i++) {
            float value = (float) random.nextDouble(0.8, 1.2);
            weight.set(ByteCursor.SHORT, 2L * i, Bfloat16.bits(value));
        }
        put(path, Shape.of(length), weight);
    }

    private void put(String path, Shape shape, MemorySegment data) {
        String tensor = path + ".weight";
        tensors.put(tensor, new StoredTensor(tensor, DType.BF16, shape, data));
    }

    /// A name for messages: there is no file.
    @Override
    public Path path() {
        return Path.of(name);
    }

    @Override
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> unreadable() {
        return Map.of();
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
