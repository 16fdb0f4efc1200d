package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Which head a model has whose configuration ties it to the embedding.
class TiedHeadTest {
    private static final String CONFIG =
            """
            {"architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 64,
             "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "tie_word_embeddings": %s}
            """;

    private static final int[] PROMPT = {7, 12, 39, 0, 4, 21};

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(Decoder.class);

    @TempDir private Path directory;

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
    }

    private static StoredTensor ownHead() {
        return TinyGguf.tensor(new SplittableRandom(9), "lm_head.weight", TinyGguf.VOCAB, 64);
    }

    private static StoredTensor embedding() {
        return tensors().getFirst();
    }

    private static List<StoredTensor> tensors() {
        GgufNames names = new GgufNames(Map.of());
        return TinyGguf.tensors(1).stream()
                .map(tensor -> renamed(tensor, names.translate(tensor.name())))
                .toList();
    }

    private static StoredTensor renamed(StoredTensor tensor, String name) {
        return new StoredTensor(name, tensor.dtype(), tensor.shape(), tensor.data());
    }

    private Path write(String name, String config, StoredTensor... heads) throws IOException {
        Path model = Files.createDirectory(directory.resolve(name));
        List<StoredTensor> tensors = new ArrayList<>(tensors());
        tensors.addAll(List.of(heads));
        SafetensorsWriter.write(model.resolve("model.safetensors"), tensors, "BF16");
        Files.writeString(model.resolve("config.json"), config);
        return model;
    }

    private static float[] logits(Path model, Packing packing, int ranks) {
        Device cpu = CpuDevice.open(CpuOptions.defaults().withThreads(2));
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(model);
                Device device = ranks == 1 ? cpu : TensorParallelDevice.sharing(cpu, ranks);
                CausalLm loaded = checkpoint.load(device, packing)) {
            checkpoint.check();
            return Forward.logits(device, loaded, PROMPT, PROMPT.length);
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT32, 1", "FLOAT32, 2", "INT8, 1", "INT4, 1"})
    void aStoredHeadThatIsAnotherIsUsed(Packing packing, int ranks) throws IOException {
        Path tied = write("tied", CONFIG.formatted(true), ownHead());
        Path untied = write("untied", CONFIG.formatted(false), ownHead());

        float[] logits = logits(tied, packing, ranks);

        assertThat(log.list)
                .singleElement()
                .asString()
                .contains("[WARN] lm_head.weight differs from model.embed_tokens.weight");
        assertThat(logits).containsExactly(logits(untied, packing, ranks));
        assertThat(log.list).hasSize(1);
    }

    @Test
    void aStoredHeadThatIsTheEmbeddingIsNotKeptTwice() throws IOException {
        Path copy = write("copy", CONFIG.formatted(true), renamed(embedding(), "lm_head.weight"));
        Path none = write("none", CONFIG.formatted(true));

        assertThat(logits(copy, Packing.FLOAT32, 1))
                .containsExactly(logits(none, Packing.FLOAT32, 1));
        assertThat(log.list).isEmpty();
    }

    @Test
    void paddlesHeadIsComparedTheOtherWayRound() {
        StoredTensor embedding = embedding();
        int rows = embedding.shape().dim(0);
        int cols = embedding.shape().dim(1);
        MemorySegment turned = MemorySegment.ofArray(new byte[4 * rows * cols]);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                float value = embedding.data().get(ByteCursor.FLOAT, 4L * (r * cols + c));
                turned.set(ByteCursor.FLOAT, 4L * (c * rows + r), value);
            }
        }
        StoredTensor head =
                new StoredTensor("head", embedding.dtype(), Shape.of(cols, rows), turned);

        assertThat(differ(embedding, head)).isFalse();
        turned.set(ByteCursor.FLOAT, 4L * (rows * cols - 1), 99);
        assertThat(differ(embedding, head)).isTrue();
    }

    private static boolean differ(StoredTensor embedding, StoredTensor head) {
        TensorFile file =
                new TensorFile() {
                    @Override
                    public Path path() {
                        return Path.of("paddle");
                    }

                    @Override
                    public Map<String, StoredTensor> tensors() {
                        return Map.of(embedding.name(), embedding, head.name(), head);
                    }

                    @Override
                    public Map<String, String> unreadable() {
                        return Map.of();
                    }

                    @Override
                    public void close() {}
                };
        Weights weights = Weights.of(file, false, name -> name);
        weights.transpose("head");
        return weights.differ(embedding.name(), "head");
    }

    @ParameterizedTest
    @CsvSource({
        "'\"tie_word_embeddings\": false,', true, false",
        "'\"tie_word_embeddings\": true,', false, true",
        "'\"tie_word_embeddings\": null,', false, false",
        "'', true, true",
    })
    void theWholeOfAMultimodalModelSaysWhetherItsHeadIsTied(
            String outside, boolean inside, boolean tied) throws IOException {
        String config =
                """
                {"architectures": ["LlamaForCausalLM"], %s "text_config": %s}
                """
                        .formatted(outside, CONFIG.formatted(inside));
        Path model = write("whole", config, ownHead());

        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(model)) {
            assertThat(checkpoint.config().tiedEmbeddings()).isEqualTo(tied);
        }
    }
}
