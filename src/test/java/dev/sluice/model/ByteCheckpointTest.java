package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Checkpoints of compressed-tensors with 8 bits a weight and an input (W8A8).
class ByteCheckpointTest {
    private static final String CONFIG =
            """
            {"architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 64,
             "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "eos_token_id": [5, 9], "tie_word_embeddings": true,
             "quantization_config": {
               "quant_method": "compressed-tensors", "format": "int-quantized",
               "quantization_status": "compressed", "ignore": ["lm_head"],
               "kv_cache_scheme": null, "sparsity_config": {}, "transform_config": {},
               "config_groups": {"group_0": {
                 "format": "int-quantized", "targets": ["Linear"], "output_activations": null,
                 "weights": {"num_bits": 8, "type": "int", "symmetric": true, "group_size": null,
                   "strategy": "channel", "dynamic": false},
                 "input_activations": {"num_bits": 8, "type": "int", "symmetric": true,
                   "strategy": "token", "dynamic": true}}}}}
            """;

    private static final int[] PROMPT = new SplittableRandom(4).ints(23, 0, 40).toArray();

    @TempDir private Path directory;

    /// Matrices as bytes and their scales, and the numbers that those stand for.
    private record Written(List<StoredTensor> bytes, List<StoredTensor> floats) {}

    private static Written tensors(DType scales, boolean columns) {
        GgufNames names = new GgufNames(Map.of());
        Written written = new Written(new ArrayList<>(), new ArrayList<>());
        for (StoredTensor tensor : TinyGguf.tensors(1)) {
            String name = names.translate(tensor.name());
            StoredTensor renamed =
                    new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
            if (name.endsWith("_proj.weight")) {
                quantise(renamed, scales, columns, written);
            } else {
                written.bytes().add(renamed);
                written.floats().add(renamed);
            }
        }
        return written;
    }

    private static void quantise(StoredTensor w, DType scaleType, boolean columns, Written into) {
        int rows = w.shape().dim(0);
        int cols = w.shape().dim(1);
        byte[] codes = new byte[rows * cols];
        float[] values = new float[rows * cols];
        float[] scales = new float[rows];
        for (int r = 0; r < rows; r++) {
            float largest = 0;
            for (int k = 0; k < cols; k++) {
                largest = Math.max(largest, Math.abs(value(w, r * cols + k)));
            }
            float scale = largest / 127;
            scales[r] = scaleType == DType.BF16 ? Bfloat16.value(Bfloat16.bits(scale)) : scale;
            for (int i = r * cols; i < (r + 1) * cols; i++) {
                codes[i] = (byte) Math.clamp(Math.rint(value(w, i) / scales[r]), -127, 127);
                values[i] = scales[r] * codes[i];
            }
        }
        into.bytes()
                .add(new StoredTensor(w.name(), DType.I8, w.shape(), MemorySegment.ofArray(codes)));
        Shape shape = columns ? Shape.of(rows, 1) : Shape.of(rows);
        into.bytes()
                .add(
                        new StoredTensor(
                                w.name() + "_scale", scaleType, shape, stored(scales, scaleType)));
        into.floats()
                .add(new StoredTensor(w.name(), DType.F32, w.shape(), stored(values, DType.F32)));
    }

    private static float value(StoredTensor tensor, int i) {
        return tensor.data().get(ByteCursor.FLOAT, 4L * i);
    }

    private static MemorySegment stored(float[] values, DType type) {
        if (type == DType.F32) {
            return MemorySegment.ofArray(TinyGguf.floatBytes(values));
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[2 * values.length]);
        for (int i = 0; i < values.length; i++) {
            bytes.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Bfloat16.bits(values[i]));
        }
        return bytes;
    }

    private Path write(String name, List<StoredTensor> tensors, String config) throws IOException {
        Path folder = Files.createDirectories(directory.resolve(name));
        SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors, "BF16");
        Files.writeString(folder.resolve("config.json"), config);
        return folder;
    }

    private static float[] logits(Path model, Device device, Packing packing) {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(model);
                CausalLm loaded = checkpoint.load(device, packing)) {
            return Forward.logits(device, loaded, PROMPT, 23);
        }
    }

    @ParameterizedTest
    @CsvSource({"BF16, true", "F32, true", "F32, false"})
    void theNumbersAreTheCodesTimesTheirRowsScale(DType scales, boolean columns)
            throws IOException {
        Written written = tensors(scales, columns);
        Path bytes = write("bytes", written.bytes(), CONFIG);
        Path floats = write("floats", written.floats(), CONFIG);
        try (CpuDevice device = CpuDevice.open(CpuOptions.defaults().withThreads(2))) {
            float[] exact = logits(floats, device, Packing.FLOAT32);

            assertThat(logits(bytes, device, Packing.FLOAT32)).isEqualTo(exact);

            // Inputs of a byte are some hundredths off in a model this small, which is what such a
            // checkpoint asks for.
            for (Packing packing : List.of(Packing.SOURCE, Packing.INT8)) {
                float[] quantised = logits(bytes, device, packing);
                double error = Forward.rmsOfDifference(quantised, exact) / Forward.rms(exact);
                assertThat(error).isBetween(1e-4, 0.06);
            }
        }
    }

    @Test
    void theWeightsAreBytesWithAScaleARow() throws IOException {
        Path bytes = write("bytes", tensors(DType.BF16, true).bytes(), CONFIG);
        try (CpuDevice device = CpuDevice.open(CpuOptions.defaults());
                ModelCheckpoint checkpoint = ModelCheckpoint.open(bytes);
                CausalLm model = checkpoint.load(device, Packing.SOURCE)) {
            assertThat(checkpoint.weightType()).isEqualTo(DType.I8);
            assertThat(model.weightFormat()).isEqualTo("int8_row");
        }
    }

    @Test
    void bytesWithoutScalesAreRefused() throws IOException {
        List<StoredTensor> tensors =
                tensors(DType.BF16, true).bytes().stream()
                        .filter(tensor ->
                                !tensor.name().equals("model.layers.1.mlp.up_proj.weight_scale"))
                        .toList();
        Path model = write("bytes", tensors, CONFIG);

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> load(model))
                .withMessageContaining("lacks the tensor model.layers.1.mlp.up_proj.weight_scale");
    }

    @Test
    void scalesOfOtherRowsAreRefused() throws IOException {
        List<StoredTensor> tensors = new ArrayList<>(tensors(DType.F32, false).bytes());
        tensors.replaceAll(tensor ->
                tensor.name().endsWith("0.self_attn.q_proj.weight_scale")
                        ? new StoredTensor(
                                tensor.name(),
                                DType.F32,
                                Shape.of(32),
                                tensor.data().asSlice(0, 128))
                        : tensor);
        Path model = write("bytes", tensors, CONFIG);

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> load(model))
                .withMessageContaining("q_proj.weight_scale in the shape [32]");
    }

    @Test
    void bytesWithZeroPointsAreRefused() throws IOException {
        List<StoredTensor> tensors = new ArrayList<>(tensors(DType.F32, false).bytes());
        tensors.add(
                new StoredTensor(
                        "model.layers.0.mlp.down_proj.weight_zero_point",
                        DType.F32,
                        Shape.of(64),
                        stored(new float[64], DType.F32)));
        Path model = write("bytes", tensors, CONFIG);

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> load(model))
                .withMessageContaining("down_proj.weight as I8 with zero points");
    }

    @Test
    void bytesOfWhichTheConfigurationSaysNothingAreRefused() throws IOException {
        String config = CONFIG.replaceAll("(?s),\\s*\"quantization_config\".*", "}");
        Path model = write("bytes", tensors(DType.F32, false).bytes(), config);

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> load(model))
                .withMessageContaining("says nothing of how the matrices of bytes (I8)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"sparsity_config\": {} | \"sparsity_config\": {\"format\": \"dense\", \"global_sparsity\": 0.14}",
                "\"quantization_config\" | \"compression_config\"",
                "\"dynamic\": false | \"observer\": \"minmax\"",
            })
    void olderWaysOfSayingTheSameAreRead(String from, String to) throws IOException {
        String config = CONFIG.replace(from, to);
        assertThat(config).isNotEqualTo(CONFIG);

        load(write("bytes", tensors(DType.BF16, true).bytes(), config));
    }

    @Test
    void weightsAndScalesMayLieInDifferentFilesOfAMultimodalModel() throws IOException {
        List<StoredTensor> first = new ArrayList<>();
        List<StoredTensor> second = new ArrayList<>();
        StringBuilder map = new StringBuilder();
        for (StoredTensor tensor : tensors(DType.BF16, true).bytes()) {
            String name = tensor.name().replaceFirst("^model\\.", "model.language_model.");
            boolean scale = name.endsWith("_scale");
            (scale ? first : second)
                    .add(new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
            map.append(map.isEmpty() ? "" : ", ")
                    .append("\"%s\": \"%s.safetensors\"".formatted(name, scale ? "a" : "b"));
        }
        Path folder = Files.createDirectories(directory.resolve("shards"));
        SafetensorsWriter.write(folder.resolve("a.safetensors"), first, "BF16");
        SafetensorsWriter.write(folder.resolve("b.safetensors"), second, "BF16");
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {%s}}".formatted(map));
        Files.writeString(folder.resolve("config.json"), CONFIG);

        load(folder);
    }

    private static void load(Path model) {
        try (CpuDevice device = CpuDevice.open(CpuOptions.defaults());
                ModelCheckpoint checkpoint = ModelCheckpoint.open(model)) {
            checkpoint.load(device, Packing.SOURCE).close();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"quant_method\": \"compressed-tensors\" | \"quant_method\": \"gptq\" | quantised by gptq; Sluice reads",
                "\"quant_method\": \"compressed-tensors\" | \"bits\": 4 | quantised by an unnamed method",
                "tensors\", \"format\": \"int-quantized\" | tensors\", \"format\": \"pack-quantized\" | compressed-tensors with the format pack-quantized",
                "\"format\": \"int-quantized\", \"targets | \"format\": \"float-quantized\", \"targets | compressed-tensors with the format float-quantized",
                "\"strategy\": \"channel\" | \"strategy\": \"group\" | compressed-tensors with other weights than symmetric ones of 8 bits with a scale a channel",
                "\"symmetric\": true, \"group_size\" | \"symmetric\": false, \"group_size\" | other weights than symmetric",
                "\"weights\": {\"num_bits\": 8 | \"weights\": {\"num_bits\": 4 | other weights than symmetric",
                "\"dynamic\": true | \"dynamic\": false | other input_activations than symmetric ones of 8 bits, dynamic for each token",
                "\"strategy\": \"token\" | \"strategy\": \"tensor\" | other input_activations",
                "\"input_activations\": {\"num_bits\": 8 | \"input_activations\": {\"num_bits\": 16 | other input_activations",
                "\"output_activations\": null | \"output_activations\": {\"num_bits\": 8} | compressed-tensors with output_activations",
                "\"kv_cache_scheme\": null | \"kv_cache_scheme\": {\"num_bits\": 8} | compressed-tensors with a kv_cache_scheme",
                "\"transform_config\": {} | \"transform_config\": {\"R1\": {\"type\": \"hadamard\"}} | with a transform_config",
                "\"config_groups\": {\"group_0\" | \"config_groups\": {}, \"others\": {\"group_0\" | compressed-tensors with no config_groups",
            })
    void otherWaysOfQuantisingAreRefused(String from, String to, String message)
            throws IOException {
        String config = CONFIG.replace(from, to);
        assertThat(config).isNotEqualTo(CONFIG);
        Path model = write("bytes", tensors(DType.BF16, true).bytes(), config);

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> load(model))
                .withMessageStartingWith(model.toString())
                .withMessageContaining(message)
                .withMessageContaining("W8A8");
    }
}
