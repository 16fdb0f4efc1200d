package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.compute.Packing;
import dev.sluice.testing.NaiveDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// What a GGUF file says by the tensors that it has, and what of its metadata is not computed.
class GgufCheckpointTest {
    private static final Map<String, Integer> PROJECTIONS =
            Map.of(
                    "attn_q", 64,
                    "attn_k", 32,
                    "attn_v", 32,
                    "attn_output", 64,
                    "ffn_gate", 96,
                    "ffn_up", 96,
                    "ffn_down", 64);

    @TempDir private Path directory;

    private Path write(Map<String, Object> metadata, List<StoredTensor> tensors)
            throws IOException {
        Path file = directory.resolve("model.gguf");
        GgufWriter.write(file, metadata, tensors, StoredTensor::dtype);
        return file;
    }

    private static List<StoredTensor> with(String name, int... dims) {
        List<StoredTensor> tensors = new ArrayList<>(TinyGguf.tensors(1));
        tensors.add(TinyGguf.tensor(new SplittableRandom(2), name, dims));
        return tensors;
    }

    private static float[] logits(Path path) {
        int[] prompt = {7, 12, 39, 0, 4, 21};
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(path);
                NaiveDevice device = new NaiveDevice();
                CausalLm model = checkpoint.load(device, Packing.FLOAT32)) {
            return Forward.logits(device, model, prompt, prompt.length);
        }
    }

    /// The twin in safetensors has a bias everywhere, of zeros where the GGUF file has none.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "blk.0.attn_q.bias",
                "blk.1.attn_k.bias",
                "blk.0.attn_v.bias",
                "blk.1.attn_output.bias",
                "blk.0.ffn_gate.bias",
                "blk.0.ffn_up.bias",
                "blk.1.ffn_down.bias"
            })
    void addsEachBiasThatIsThere(String biased) throws IOException {
        List<StoredTensor> tensors = new ArrayList<>(TinyGguf.tensors(1));
        List<StoredTensor> twins = new ArrayList<>();
        GgufNames names = new GgufNames(Map.of());
        for (int layer = 0; layer < 2; layer++) {
            for (Map.Entry<String, Integer> projection : PROJECTIONS.entrySet()) {
                String name = "blk.%d.%s.bias".formatted(layer, projection.getKey());
                StoredTensor bias =
                        TinyGguf.tensor(new SplittableRandom(2), name, projection.getValue());
                twins.add(name.equals(biased) ? bias : zeros(bias));
                if (name.equals(biased)) {
                    tensors.add(bias);
                }
            }
        }
        twins.addAll(TinyGguf.tensors(1));
        twins.replaceAll(twin -> named(twin, names));
        SafetensorsWriter.write(directory.resolve("model.safetensors"), twins, "BF16");
        Files.writeString(
                directory.resolve("config.json"),
                """
                {"architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 64,
                 "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
                 "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
                 "attention_bias": true, "mlp_bias": true}
                """);

        float[] expected = logits(directory);
        Path file = write(TinyGguf.metadata(), TinyGguf.paired(tensors));

        assertThat(logits(file)).containsExactly(expected);
    }

    private static StoredTensor zeros(StoredTensor tensor) {
        return new StoredTensor(
                tensor.name(),
                tensor.dtype(),
                tensor.shape(),
                MemorySegment.ofArray(new byte[(int) tensor.data().byteSize()]));
    }

    private static StoredTensor named(StoredTensor tensor, GgufNames names) {
        return new StoredTensor(
                names.translate(tensor.name()), tensor.dtype(), tensor.shape(), tensor.data());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "blk.0.attn_norm.bias",
                "blk.1.attn_sinks.weight",
                "blk.0.attn_q_norm.weight",
                "blk.2.attn_norm.weight"
            })
    void refusesATensorOfALayerThatIsNotComputed(String name) throws IOException {
        Path file = write(TinyGguf.metadata(), with(name, 64));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(file);
                NaiveDevice device = new NaiveDevice()) {
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(checkpoint::check)
                    .withMessageContaining("has the tensor " + name);
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(() -> checkpoint.load(device, Packing.SOURCE).close());
            assertThat(device.numAllocated()).isZero();
        }
    }

    @Test
    void loadsFilesWithTensorsBesideTheLayers() throws IOException {
        Path file = write(TinyGguf.metadata(), with("rope_freqs.weight", 16));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(file)) {
            checkpoint.check();
        }
    }

    @Test
    void theContextIsTheFilesAlsoWhereItIsScaled() throws IOException {
        Map<String, Object> metadata = TinyGguf.metadata();
        metadata.put("llama.rope.scaling.type", "linear");
        metadata.put("llama.rope.scaling.factor", 4.0);

        try (ModelCheckpoint checkpoint =
                ModelCheckpoint.open(write(metadata, TinyGguf.tensors(1)))) {
            assertThat(checkpoint.config().rope().linearFactor()).isEqualTo(4);
            assertThat(checkpoint.config().maxPositions()).isEqualTo(256);
        }
    }

    @Test
    void refusesARotationOfAPartOfTheHead() throws IOException {
        Map<String, Object> metadata = TinyGguf.metadata();
        metadata.put("llama.rope.dimension_count", 32L);
        ModelCheckpoint.open(write(metadata, TinyGguf.tensors(1))).close();
        metadata.put("llama.rope.dimension_count", 16L);
        Path file = write(metadata, TinyGguf.tensors(1));

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> ModelCheckpoint.open(file).close())
                .withMessageContaining("llama.rope.dimension_count");
    }
}
