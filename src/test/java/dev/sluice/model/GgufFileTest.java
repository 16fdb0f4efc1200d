package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.fail;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.testing.NaiveDevice;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;

class GgufFileTest {
    @TempDir private Path directory;
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        file = TinyGguf.write(directory.resolve("tiny.gguf"), DType.Q4_1);
    }

    @Test
    void givesMetadataInTheDocumentedTypes() {
        try (GgufFile gguf = GgufFile.open(file)) {
            assertThat(gguf.metadata())
                    .containsEntry("general.architecture", "llama")
                    .containsEntry("llama.embedding_length", 64L)
                    .containsEntry("llama.rope.freq_base", 10_000.0)
                    .containsEntry("tokenizer.ggml.add_bos_token", true)
                    .containsEntry("tokenizer.ggml.token_type", new int[] {1, 3, 1})
                    .containsEntry("tokenizer.ggml.scores", new float[] {0.5f, -1});
            assertThat(gguf.metadata().get("tokenizer.ggml.tokens"))
                    .asInstanceOf(InstanceOfAssertFactories.array(String[].class))
                    .hasSize(TinyGguf.VOCAB)
                    .contains("<|endoftext|>");
        }
    }

    @Test
    void namesTensorsWithTheOutermostExtentFirst() {
        try (GgufFile gguf = GgufFile.open(file)) {
            StoredTensor down = tensor(gguf, "blk.1.ffn_down.weight");

            assertThat(down.dtype()).isEqualTo(DType.Q4_1);
            assertThat(down.shape()).isEqualTo(Shape.of(64, 96));
            assertThat(down.data().byteSize()).isEqualTo(64 * 96 / 32 * 20);
        }
    }

    private static StoredTensor tensor(GgufFile gguf, String name) {
        return Objects.requireNonNull(gguf.tensors().get(name), name);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"})
    void readsBackWhatTheWriterWrote(DType dtype) throws IOException {
        TinyGguf.write(file, dtype);

        try (GgufFile gguf = GgufFile.open(file)) {
            for (StoredTensor written : TinyGguf.tensors(1)) {
                DType expected = written.shape().rank() == 2 ? dtype : DType.F32;
                StoredTensor read = tensor(gguf, written.name());

                assertThat(read.dtype()).isEqualTo(expected);
                assertThat(read.shape()).isEqualTo(written.shape());
                MemorySegment encoded =
                        TensorEncoder.encode(
                                written.data(), DType.F32, written.shape().elements(), expected);
                assertThat(read.data().mismatch(encoded)).isEqualTo(-1);
            }
        }
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int header = headerBytes();

        for (int length = 0; length < whole.length; length += length < header ? 1 : 997) {
            Files.write(file, Arrays.copyOf(whole, length));

            assertRefused("cut after " + length + " bytes");
        }
    }

    private int headerBytes() {
        try (GgufFile gguf = GgufFile.open(file)) {
            long tensorBytes =
                    gguf.tensors().values().stream().mapToLong(t -> t.data().byteSize()).sum();
            return (int) (file.toFile().length() - tensorBytes);
        }
    }

    private void assertRefused(String how) {
        assertThatExceptionOfType(ModelFileException.class)
                .as(how)
                .isThrownBy(() -> GgufFile.open(file).close())
                .satisfies(e ->
                        assertThat(e.text())
                                .startsWith(file.toString())
                                .doesNotContain("\n")
                                .hasSizeLessThan(400));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "tensors, 8, 9223372036854775807",
        "tensors, 8, -1",
        "tensors, 8, 1000000",
        "pairs, 16, -1",
        "pairs, 16, 4611686018427387904",
        "first key, 24, -1",
        "first key, 24, 9223372036854775807",
        "first key, 24, 4294967296",
    })
    void refusesCountsAndLengthsThatOverflow(String what, int offset, long value)
            throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
        Files.write(file, bytes);

        assertRefused(what + " = " + value);
    }

    @Test
    void readsArraysOfBytes() throws IOException {
        for (int type : new int[] {0, 1, 7}) {
            writeArray(type, 3, 0);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
                channel.write(ByteBuffer.wrap(new byte[] {0, 1, -1}));
            }

            try (GgufFile gguf = GgufFile.open(file)) {
                Object expected =
                        switch (type) {
                            case 0 -> new int[] {0, 1, 255};
                            case 1 -> new int[] {0, 1, -1};
                            default -> new boolean[] {false, true, true};
                        };
                assertThat(gguf.metadata()).containsEntry("x", expected);
            }
        }
    }

    /// Writes a file with one array and zeros behind its length.
    private void writeArray(int type, long length, long zeros) throws IOException {
        ByteBuffer header = header(0, 1).putLong(1).put((byte) 'x');
        write(header.putInt(GgufMetadata.ARRAY).putInt(type).putLong(length), zeros);
    }

    private static ByteBuffer header(long numTensors, long numPairs) {
        return ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(GgufFile.MAGIC)
                .putInt(GgufFile.VERSION)
                .putLong(numTensors)
                .putLong(numPairs);
    }

    /// Takes no room on a disk that keeps files with holes.
    private void write(ByteBuffer header, long zeros) throws IOException {
        header.flip();
        try (FileChannel channel =
                FileChannel.open(
                        file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(header);
            if (zeros > 0) {
                channel.write(ByteBuffer.allocate(1), header.limit() + zeros - 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, GgufMetadata.BOOL, GgufMetadata.STRING, GgufMetadata.FLOAT32})
    void refusesMetadataThatWouldExhaustMemory(int type) throws IOException {
        writeArray(type, 100_000_000, 1_200_000_000);

        assertThat(refusal()).contains("header of more than");
    }

    @Test
    void refusesTextsThatWouldExhaustMemory() throws IOException {
        write(header(0, 1).putLong(1_000_000_000), 1_200_000_000);

        assertThat(refusal()).contains("header of more than");
    }

    @Test
    void refusesMoreEntriesThanAnyModelHas() throws IOException {
        write(header(1_000_000, 0), 50_000_000);
        assertThat(refusal()).contains("has 1000000 tensors");

        write(header(0, 1_000_000), 50_000_000);
        assertThat(refusal()).contains("has 1000000 metadata pairs");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "offset, 24, 9223372036854775807",
        "offset, 24, 9223372036854775776",
        "offset, 24, -32",
        "offset, 24, 7",
        "offset, 24, 16777216",
        "innermost extent, 4, -64",
        "innermost extent, 4, 0",
        "innermost extent, 4, 2147483647",
        "innermost extent, 4, 33",
        "outermost extent, 12, 2147483647",
        "outermost extent, 12, 4294967296",
    })
    void refusesTensorsOutsideTheFile(String what, int afterName, long value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int info = indexOf(bytes, "blk.0.ffn_down.weight") + "blk.0.ffn_down.weight".length();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(info + afterName, value);
        Files.write(file, bytes);

        assertRefused(what + " = " + value);
    }

    private static int indexOf(byte[] bytes, String text) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    }

    @Test
    void saysWhatIsWrongWithOtherFiles() throws IOException {
        byte[] bytes = Files.readAllBytes(file);

        assertThat(refusal(changed(bytes, 0, 'X'))).endsWith("is no GGUF file");
        assertThat(refusal(changed(bytes, 4, 1))).endsWith("version 1; Sluice reads 2 and 3");
        assertThat(refusal(new byte[] {'G', 'G', 'U', 'F', 0, 0, 0, 3})).contains("big-endian");
        assertThat(refusal(new byte[0])).contains("ends at byte 0");
    }

    private static byte[] changed(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    private String refusal(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        return refusal();
    }

    private String refusal() {
        try (GgufFile gguf = GgufFile.open(file)) {
            return fail("opened " + gguf.path());
        } catch (ModelFileException e) {
            return e.text();
        }
    }

    /// Flips bits of the header, where every byte means something.
    @Test
    void loadsOrRefusesFilesWithFlippedBytes() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int header = headerBytes();
        int loaded = 0;

        for (int seed = 0; seed < 500; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] damaged = whole.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, damaged);
            loaded += loads("seed " + seed) ? 1 : 0;
        }

        assertThat(loaded).isBetween(1, 499);
    }

    private boolean loads(String how) {
        try (ModelCheckpoint checkpoint = ModelCheckpoint.open(file);
                NaiveDevice device = new NaiveDevice()) {
            checkpoint.load(device, Packing.FLOAT32).close();
            assertThat(device.numAllocated()).as(how).isZero();
            return true;
        } catch (ModelFileException e) {
            assertThat(e.text()).as(how).isNotBlank();
            return false;
        }
    }
}
