package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;
import dev.sluice.testing.NaiveDevice;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;

class ModelCheckpointTest {
    private static final String CONFIG =
            """
            {"architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 64,
             "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "eos_token_id": [5, 9], "tie_word_embeddings": true}
            """;

    @TempDir private Path directory;

    @BeforeEach
    void writeModel() throws IOException {
        writeTensors(tensors());
        writeConfig(CONFIG);
    }

    private static List<StoredTensor> tensors() {
        GgufNames names = new GgufNames(Map.of());
        List<StoredTensor> tensors = new ArrayList<>();
        for (StoredTensor tensor : TinyGguf.tensors(1)) {
            tensors.add(renamed(tensor, names.translate(tensor.name())));
        }
        return tensors;
    }

    private static StoredTensor renamed(StoredTensor tensor, String name) {
        return new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
    }

    private void writeTensors(List<StoredTensor> tensors) throws IOException {
        SafetensorsWriter.write(directory.resolve("model.safetensors"), tensors, "BF16");
    }

    private void writeConfig(String json) throws IOException {
        Files.writeString(directory.resolve("config.json"), json);
    }

    private String refusal() {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                NaiveDevice device = new NaiveDevice()) {
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(() -> checkpoint.load(device, Packing.SOURCE).close());
            assertThat(device.numAllocated()).isZero();
            checkpoint.load(device, Packing.SOURCE).close();
            throw new AssertionError("loaded");
        } catch (ModelFileException e) {
            return e.text();
        }
    }

    @Test
    void loadsFromADirectory() {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                NaiveDevice device = new NaiveDevice()) {
            CausalLm model = checkpoint.load(device, Packing.FLOAT32);
            assertThat(model.weightBytes()).isGreaterThan(4 * 40 * 64);
            model.close();

            assertThat(device.numAllocated()).isZero();
            assertThat(checkpoint.weightType()).isEqualTo(DType.F32);
            assertThat(checkpoint.ggufMetadata()).isEmpty();
        }
    }

    @Test
    void modelsOutliveTheirCheckpoint() {
        int[] prompt = {1, 2, 3, 39, 20};
        try (NaiveDevice device = new NaiveDevice()) {
            CausalLm model;
            try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
                model = checkpoint.load(device, Packing.FLOAT32);
            }

            float[] logits = Forward.logits(device, model, prompt, 5);

            assertThat(Forward.rms(logits)).isGreaterThan(0.1);
            model.close();
        }
    }

    @Test
    void computesTheSameInChunks() {
        int[] prompt = new SplittableRandom(4).ints(23, 0, 40).toArray();
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                NaiveDevice device = new NaiveDevice();
                CausalLm model = checkpoint.load(device, Packing.FLOAT32)) {
            float[] whole = Forward.logits(device, model, prompt, 23);

            assertThat(Forward.logits(device, model, prompt, 1)).containsExactly(whole);
            assertThat(Forward.logits(device, model, prompt, 7)).containsExactly(whole);
        }
    }

    /// More rows than two threads take at once.
    @Test
    void computesTheSameInPiecesOfALongChunk() {
        int[] prompt = new SplittableRandom(5).ints(600, 0, 40).toArray();
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                Device device = CpuDevice.open(CpuOptions.defaults().withThreads(2));
                CausalLm model = checkpoint.load(device, Packing.SOURCE)) {
            assertThat(device.rowsAtOnce()).isLessThan(prompt.length / 2);

            float[] whole = Forward.logits(device, model, prompt, prompt.length);

            assertThat(Forward.logits(device, model, prompt, 100)).containsExactly(whole);
        }
    }

    @Test
    void readsTheConfigurationWithTransformersDefaults() {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            ModelConfig config = checkpoint.config();

            assertThat(config.architecture()).isEqualTo("LlamaForCausalLM");
            assertThat(config.headDim()).isEqualTo(32);
            assertThat(config.maxPositions()).isEqualTo(2048);
            assertThat(config.rmsNormEps()).isEqualTo(1e-6f);
            assertThat(config.rope().base()).isEqualTo(10_000);
            assertThat(config.attentionScale()).isCloseTo(0.17677669f, within(1e-7f));
            assertThat(config.layerWindows()).containsOnly(OptionalInt.empty());
        }
    }

    @Test
    void joinsTheEndTokensOfBothFiles() throws IOException {
        Files.writeString(
                directory.resolve("generation_config.json"),
                """
                {"eos_token_id": [9, 11], "temperature": 0.6, "top_k": 20, "top_p": 0.95,
                 "min_p": 0.1, "repetition_penalty": 1.05, "do_sample": true}
                """);

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            GenerationDefaults defaults = checkpoint.generationDefaults();

            assertThat(checkpoint.eosTokenIds()).containsExactly(5, 9, 11);
            assertThat(defaults.temperature()).hasValue(0.6);
            assertThat(defaults.topK()).hasValue(20);
            assertThat(defaults.topP()).hasValue(0.95);
            assertThat(defaults.minP()).hasValue(0.1);
            assertThat(defaults.repetitionPenalty()).hasValue(1.05);
            assertThat(defaults.doSample()).hasValue(true);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', {}, 2",
        "'', {\"eos_token_id\": [9]}, 9",
        "'\"eos_token_id\": 7,', {}, 7",
        "'\"eos_token_id\": -1,', {\"eos_token_id\": 9}, 9",
    })
    void theFamilysEndTokenCountsWhereNoFileNamesOne(String config, String generation, int id)
            throws IOException {
        writeConfig(CONFIG.replace("\"eos_token_id\": [5, 9],", config));
        Files.writeString(directory.resolve("generation_config.json"), generation);

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            assertThat(checkpoint.eosTokenIds()).containsExactly(id);
        }
    }

    @ParameterizedTest
    @CsvSource({"-1, 0", "0, 0", "-1.0, 0", "50.0, 50", "1e12, 2147483647"})
    void takesRecommendationsAsOtherServersDo(String topK, int expected) throws IOException {
        Files.writeString(
                directory.resolve("generation_config.json"), "{\"top_k\": %s}".formatted(topK));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            assertThat(checkpoint.generationDefaults().topK().orElse(0)).isEqualTo(expected);
        }
    }

    @Test
    void asksNoIndexAboutASingleFile() throws IOException {
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                """
                {"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}
                """);

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            checkpoint.check();
        }
    }

    @Test
    void findsTheEndTokensOfAGgufVocabulary() throws IOException {
        Path file = TinyGguf.write(directory.resolve("tiny.gguf"), DType.F16);

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(file)) {
            assertThat(checkpoint.eosTokenIds()).containsExactly(3, 7);
            assertThat(checkpoint.weightType()).isEqualTo(DType.F16);
            assertThat(checkpoint.generationDefaults().temperature()).isEmpty();
        }
    }

    /// The permutation of q and k is undone: the pairs that RoPE rotates are the same.
    @Test
    void undoesThePermutationOfGguf() throws IOException {
        int[] prompt = {7, 12, 39, 0, 4, 21};
        Path file = directory.resolve("permuted.gguf");
        List<StoredTensor> permuted = TinyGguf.paired(TinyGguf.tensors(1));
        Map<String, Object> metadata = TinyGguf.metadata();
        metadata.put("llama.attention.layer_norm_rms_epsilon", 1e-6);
        GgufWriter.write(file, metadata, permuted, StoredTensor::dtype);

        assertThat(logits(file, prompt)).containsExactly(logits(directory, prompt));
    }

    private static float[] logits(Path path, int[] prompt) {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(path);
                NaiveDevice device = new NaiveDevice();
                CausalLm model = checkpoint.load(device, Packing.FLOAT32)) {
            return Forward.logits(device, model, prompt, prompt.length);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "LlamaForCausalLM | GPT2LMHeadModel | GPT2LMHeadModel; Sluice knows Ernie4_5",
                "\"vocab_size\": 40 | \"vocab_size\": 41 | model.embed_tokens.weight in the shape [40, 64] where its configuration asks for [41, 64]",
                "\"vocab_size\": 40 | \"vocab_size\": -1 | vocab_size is -1, not a positive whole number",
                "\"vocab_size\": 40 | \"vocab_size\": 1e3 | vocab_size is 1000.0, not a positive whole number",
                "\"vocab_size\": 40 | \"vocab_size\": 99999999999999999999 | not a positive whole number",
                "\"hidden_size\": 64 | \"hidden_size\": \"64\" | hidden_size is 64, not a positive whole number",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 3 | lacks the tensor model.layers.2.input_layernorm.weight",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 2147483647 | not a positive whole number",
                "\"num_hidden_layers\": 2 | \"num_hidden_layers\": 100000000 | number of layers up to 4096",
                "\"num_attention_heads\": 2 | \"num_attention_heads\": 1000000007 | head_dim",
                "\"tie_word_embeddings\": true | \"head_dim\": 2 | heads of 2 elements (head_dim); Sluice computes multiples of 8 up to 512",
                "\"tie_word_embeddings\": true | \"head_dim\": 100 | heads of 100 elements (head_dim); Sluice computes multiples of 8 up to 512",
                "\"tie_word_embeddings\": true | \"head_dim\": 520 | heads of 520 elements (head_dim); Sluice computes multiples of 8 up to 512",
                "\"num_key_value_heads\": 1 | \"num_key_value_heads\": 3 | not a divisor of num_attention_heads",
                "\"tie_word_embeddings\": true | \"tie_word_embeddings\": false | lacks the tensor lm_head.weight",
                "\"tie_word_embeddings\": true | \"attention_bias\": true | lacks the tensor model.layers.0.self_attn.q_proj.bias",
                "\"tie_word_embeddings\": true | \"hidden_act\": \"relu\" | silu, gelu_pytorch_tanh",
                "\"tie_word_embeddings\": true | \"rope_scaling\": {\"type\": \"yarn\"} | default, linear, llama3",
                "\"tie_word_embeddings\": true | \"rope_scaling\": 7 | rope_scaling is 7, not an object",
                "\"tie_word_embeddings\": true | \"quantization_config\": {\"quant_method\": \"gptq\"} | quantised by gptq",
                "\"tie_word_embeddings\": true | \"rms_norm_eps\": 0 | rms_norm_eps is 0, not a positive number",
                "{ | [ | is no JSON",
            })
    void saysWhatIsWrongWithAConfiguration(String from, String to, String message)
            throws IOException {
        writeConfig(CONFIG.replace(from, to));

        assertThat(refusal()).startsWith(directory.toString()).contains(message);
    }

    @Test
    void takesAQuantizationConfigThatSaysNothing() throws IOException {
        writeConfig(
                CONFIG.replace(
                        "\"tie_word_embeddings\": true",
                        """
                        "tie_word_embeddings": true,
                        "quantization_config": {"dense_quant_type": "", "is_quantized": false}
                        """));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            assertThat(checkpoint.config().numLayers()).isEqualTo(2);
        }
    }

    @Test
    void namesTheTypeOfATensorThatItCannotRead() throws IOException {
        List<StoredTensor> tensors = tensors();
        StoredTensor norm = tensors.get(1);
        tensors.set(1, new StoredTensor("model.norm.weight", DType.I32, norm.shape(), norm.data()));
        writeTensors(tensors);

        assertThat(refusal()).contains("model.norm.weight as I32, which Sluice does not read");
    }

    @Test
    void refusesVectorsOfAnotherLength() throws IOException {
        List<StoredTensor> tensors = tensors();
        StoredTensor norm = tensors.get(1);
        tensors.set(
                1,
                new StoredTensor(
                        "model.norm.weight", DType.F32, Shape.of(32), norm.data().asSlice(0, 128)));
        writeTensors(tensors);

        assertThat(refusal()).contains("model.norm.weight in the shape [32]");
    }

    @Test
    void findsTheTextModelOfAMultimodalOne() throws IOException {
        List<StoredTensor> tensors = new ArrayList<>();
        for (StoredTensor tensor : tensors()) {
            tensors.add(renamed(tensor, "language_" + tensor.name()));
            tensors.add(renamed(tensor, tensor.name().replace("model.", "language_model.model.")));
        }
        writeTensors(tensors);
        writeConfig(
                """
                {"architectures": ["LlamaForCausalLM"], "text_config": %s}
                """
                        .formatted(CONFIG));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory);
                NaiveDevice device = new NaiveDevice()) {
            checkpoint.load(device, Packing.SOURCE).close();

            assertThat(checkpoint.config().hiddenSize()).isEqualTo(64);
        }
    }

    @Test
    void saysWhatADirectoryLacks() throws IOException {
        Files.delete(directory.resolve("config.json"));

        assertThat(refusal()).contains("no config.json");
    }

    @Test
    void readsTheConfigurationBeforeTheTensors() throws IOException {
        Files.writeString(directory.resolve("model.safetensors"), "damaged");
        writeConfig("{\"architectures\": [\"PaintingModel\"]}");

        assertThat(refusal()).contains("asks for the architecture PaintingModel");
    }

    @Test
    void checksTheTensorsWithoutADevice() throws IOException {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            checkpoint.check();
        }
        writeTensors(tensors().subList(0, tensors().size() - 1));

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(directory)) {
            assertThatExceptionOfType(ModelFileException.class)
                    .isThrownBy(checkpoint::check)
                    .withMessageContaining("lacks the tensor " + tensors().getLast().name());
        }
    }
}
