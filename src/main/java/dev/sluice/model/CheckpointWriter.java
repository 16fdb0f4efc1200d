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

/// Writes a plain decoder, bfloat16 under transformers' names, in the layouts that programs read.
///
/// @param tensors matrices contiguous
record CheckpointWriter(RandomShape shape, ModelConfig config, TensorFile tensors) {
    private static final int BYTES = 2;

    /// The layout of transformers.
    void transformers(Path directory) throws IOException {
        List<StoredTensor> all = List.copyOf(tensors.tensors().values());
        SafetensorsWriter.write(directory.resolve("model.safetensors"), all, "BF16");
        writeJson(directory, shape.config());
    }

    /// The layout of Paddle, with its names, fused and transposed.
    ///
    /// @see Ernie45ForCausalLM
    void paddle(Path directory) throws IOException {
        List<StoredTensor> all = new ArrayList<>();
        for (StoredTensor tensor : tensors.tensors().values()) {
            String name = tensor.name().replace("model.", "ernie.");
            if (name.contains("q_proj")) {
                all.add(fused(tensor, name, "q_proj", "qkv_proj", "k_proj", "v_proj"));
            } else if (name.contains("gate_proj")) {
                all.add(fused(tensor, name, "gate_proj", "up_gate_proj", "up_proj"));
            } else if (name.contains("o_proj") || name.contains("down_proj")) {
                all.add(transposed(name, List.of(tensor)));
            } else if (!name.matches(".*\\.[kv]_proj\\..*|.*\\.up_proj\\..*")) {
                all.add(new StoredTensor(name, DType.BF16, tensor.shape(), tensor.data()));
            }
        }
        SafetensorsWriter.write(directory.resolve("model.safetensors"), all, "U16");
        Map<String, Object> json = new LinkedHashMap<>(shape.config());
        json.put("architectures", List.of("Ernie4_5_ForCausalLM"));
        json.remove("model_type");
        json.remove("torch_dtype");
        writeJson(directory, json);
    }

    private StoredTensor fused(
            StoredTensor first, String name, String part, String whole, String... others) {
        List<StoredTensor> parts = new ArrayList<>();
        parts.add(first);
        for (String other : others) {
            parts.add(tensor(first.name().replace(part, other)));
        }
        return transposed(name.replace(part, whole), parts);
    }

    private static StoredTensor transposed(String name, List<StoredTensor> parts) {
        int rows = parts.stream().mapToInt(part -> part.shape().dim(0)).sum();
        int cols = parts.getFirst().shape().dim(1);
        MemorySegment out = MemorySegment.ofArray(new byte[rows * cols * BYTES]);
        int row = 0;
        for (StoredTensor part : parts) {
            for (int r = 0; r < part.shape().dim(0); r++, row++) {
                for (int c = 0; c < cols; c++) {
                    short value = part.data().get(ByteCursor.SHORT, ((long) r * cols + c) * BYTES);
                    out.set(ByteCursor.SHORT, ((long) c * rows + row) * BYTES, value);
                }
            }
        }
        return new StoredTensor(name, DType.BF16, Shape.of(cols, rows), out);
    }

    private void writeJson(Path directory, Map<String, Object> configJson) throws IOException {
        SyntheticVocabulary vocabulary = new SyntheticVocabulary(config.vocabSize());
        JsonFiles.write(directory.resolve("config.json"), configJson);
        JsonFiles.write(directory.resolve("tokenizer.json"), vocabulary.tokenizerJson());
        JsonFiles.write(directory.resolve("tokenizer_config.json"), vocabulary.tokenizerConfig());
    }

    /// The layout of GGUF's converter.
    ///
    /// @param dtype type of the matrices
    void gguf(Path file, DType dtype) throws IOException {
        List<StoredTensor> all = new ArrayList<>();
        GgufNames names = new GgufNames(shape.family().ggufNames());
        for (StoredTensor tensor : tensors.tensors().values()) {
            all.add(
                    new StoredTensor(
                            names.restore(tensor.name()),
                            DType.BF16,
                            tensor.shape(),
                            arranged(tensor)));
        }
        DType embedding = dtype == DType.Q4_0 || dtype == DType.Q4_1 ? DType.Q8_0 : dtype;
        GgufWriter.write(
                file,
                ggufMetadata(),
                all,
                tensor ->
                        tensor.shape().rank() == 1
                                ? DType.F32
                                : tensor.name().startsWith("token_embd") ? embedding : dtype);
    }

    /// Llama's converter pairs the rows of queries and keys.
    private MemorySegment arranged(StoredTensor tensor) {
        boolean paired =
                shape.family() instanceof LlamaForCausalLM
                        && tensor.name().matches(".*\\.[qk]_proj\\..*");
        if (!paired) {
            return tensor.data();
        }
        int rows = tensor.shape().dim(0);
        long rowBytes = tensor.data().byteSize() / rows;
        int[] order = LlamaForCausalLM.pairedRows(rows / config.headDim(), config.headDim());
        MemorySegment out = MemorySegment.ofArray(new byte[(int) tensor.data().byteSize()]);
        for (int row = 0; row < rows; row++) {
            MemorySegment.copy(tensor.data(), row * rowBytes, out, order[row] * rowBytes, rowBytes);
        }
        return out;
    }

    private Map<String, Object> ggufMetadata() {
        String architecture = (String) shape.config().get("model_type");
        String key = architecture + ".";
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("general.architecture", architecture);
        metadata.put("general.name", shape.name() + " with random weights");
        metadata.put(key + "vocab_size", (long) config.vocabSize());
        metadata.put(key + "context_length", (long) config.maxPositions());
        metadata.put(key + "embedding_length", (long) config.hiddenSize());
        metadata.put(key + "feed_forward_length", (long) config.intermediateSize());
        metadata.put(key + "block_count", (long) config.numLayers());
        metadata.put(key + "attention.head_count", (long) config.numHeads());
        metadata.put(key + "attention.head_count_kv", (long) config.numKvHeads());
        metadata.put(key + "attention.key_length", (long) config.headDim());
        metadata.put(key + "attention.value_length", (long) config.headDim());
        metadata.put(key + "attention.layer_norm_rms_epsilon", (double) config.rmsNormEps());
        metadata.put(key + "rope.dimension_count", (long) config.headDim());
        metadata.put(key + "rope.freq_base", config.rope().base());
        metadata.putAll(new SyntheticVocabulary(config.vocabSize()).ggufMetadata());
        return metadata;
    }

    private StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.tensors().get(name);
        if (tensor == null) {
            throw new IllegalStateException("no tensor " + name);
        }
        return tensor;
    }
}
