package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.compute.DType;
import dev.sluice.compute.Shape;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

class SafetensorsFileTest {
    @TempDir private Path directory;
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        file = directory.resolve("model.safetensors");
        SplittableRandom random = new SplittableRandom(3);
        SafetensorsWriter.write(
                file,
                List.of(
                        TinyGguf.tensor(random, "a.weight", 5, 7),
                        TinyGguf.tensor(random, "b.bias", 3)),
                "BF16");
    }

    /// A file with a header and 16 bytes of data.
    private void write(String header) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        Files.write(
                file,
                ByteBuffer.allocate(8 + text.length + 16)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(text.length)
                        .put(text)
                        .array());
    }

    private static String entry(String dtype, String shape, String offsets) {
        return "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
                .formatted(dtype, shape, offsets);
    }

    private String refusal() {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            throw new AssertionError("opened " + opened.tensors());
        } catch (ModelFileException e) {
            assertThat(e.text()).startsWith(file.toString());
            return e.text();
        }
    }

    @Test
    void readsWhatTheWriterWrote() {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.tensors()).containsOnlyKeys("a.weight", "b.bias");
            StoredTensor matrix = Objects.requireNonNull(opened.tensors().get("a.weight"));

            assertThat(matrix.shape()).isEqualTo(Shape.of(5, 7));
            assertThat(matrix.dtype()).isEqualTo(DType.F32);
            assertThat(
                            matrix.data()
                                    .mismatch(
                                            TinyGguf.tensor(
                                                            new SplittableRandom(3),
                                                            "a.weight",
                                                            5,
                                                            7)
                                                    .data()))
                    .isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"BF16", "U16"})
    void takesUnsignedShortsForTheBitsOfBfloat16(String dtype) throws IOException {
        write(entry(dtype, "[2,4]", "[0,16]"));

        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            StoredTensor tensor = Objects.requireNonNull(opened.tensors().get("t"));
            assertThat(tensor.dtype()).isEqualTo(DType.BF16);
        }
    }

    @Test
    void opensAFileWithTypesThatItCannotRead() throws IOException {
        write(entry("F64", "[2]", "[0,16]"));

        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.tensors()).isEmpty();
            assertThat(opened.unreadable()).containsEntry("t", "F64");
        }
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        byte[] whole = Files.readAllBytes(file);

        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));

            assertThat(refusal()).as("cut after " + length).doesNotContain("\n");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 100_000_001, 4096})
    void refusesHeadersLongerThanTheFile(long length) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        Files.write(file, bytes);

        assertThat(refusal()).contains("header");
    }

    @Test
    void refusesHeadersThatWouldExhaustMemory() throws IOException {
        write("{%s}".formatted(" ".repeat(16_000_000)));
        assertThat(refusal()).contains("header of more than");

        String entries =
                IntStream.rangeClosed(0, TensorFile.MOST_TENSORS)
                        .mapToObj("\"%x\":{\"dtype\":\"F64\",\"data_offsets\":[0,0]}"::formatted)
                        .collect(Collectors.joining(","));
        write("{" + entries + "}");
        assertThat(refusal()).contains("has 65537 tensors");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[-4,16]",
                "[0,17]",
                "[8,4]",
                "[0,8]",
                "[4,20]",
                "[0,9223372036854775807]",
                "[9223372036854775800,9223372036854775807]",
                "[0,1e1]",
                "[0]",
                "[0,99999999999999999999]",
                "null"
            })
    void refusesOffsetsOutsideTheFileOrOfAnotherLength(String offsets) throws IOException {
        write(entry("F32", "[4]", offsets));

        assertThat(refusal()).contains("tensor t");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[5]",
                "[-4]",
                "[2147483647,2147483647]",
                "[2147483647,2147483647,2147483647]",
                "[4294967296]",
                "[2.0,2]",
                "[[4]]",
                "4",
                "{}"
            })
    void refusesShapesThatDoNotFit(String shape) throws IOException {
        write(entry("F32", shape, "[0,16]"));

        assertThat(refusal()).contains("tensor t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "3", "{", "{\"a\":1,\"a\":2}", "{} {}", "\u0000"})
    void refusesHeadersThatAreNoJsonObject(String header) throws IOException {
        write(header);

        assertThat(refusal()).isNotBlank();
    }

    @Test
    void opensOrRefusesFilesWithFlippedBytes() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int header = whole.length - (35 + 3) * 4;
        int opened = 0;

        for (int seed = 0; seed < 400; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] damaged = whole.clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                damaged[random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(file, damaged);
            opened += opens() ? 1 : 0;
        }

        assertThat(opened).isBetween(1, 399);
    }

    private boolean opens() {
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            opened.tensors().values().forEach(tensor -> sum(tensor.data()));
            return true;
        } catch (ModelFileException e) {
            return false;
        }
    }

    private static void sum(MemorySegment data) {
        assertThat(data.toArray(ValueLayout.JAVA_BYTE)).hasSize((int) data.byteSize());
    }

    @Test
    void refusesAnIndexThatPointsOutsideTheDirectory() throws IOException {
        Path model = Files.createDirectory(directory.resolve("sharded"));
        Files.writeString(
                model.resolve("model.safetensors.index.json"),
                "{\"weight_map\":{\"t\":\"../model.safetensors\"}}");

        assertThatExceptionOfType(ModelFileException.class)
                .isThrownBy(() -> SafetensorsShards.open(model).close())
                .withMessageContaining("../model.safetensors");
    }

    @Test
    void joinsTheShardsOfAnIndex() throws IOException {
        SafetensorsWriter.write(
                directory.resolve("two.safetensors"),
                List.of(TinyGguf.tensor(new SplittableRandom(5), "c.weight", 2, 2)),
                "BF16");
        Files.move(file, directory.resolve("one.safetensors"));
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                """
                {"weight_map": {"a.weight": "one.safetensors", "b.bias": "one.safetensors",
                                "c.weight": "two.safetensors"}}
                """);

        try (SafetensorsShards shards = SafetensorsShards.open(directory)) {
            assertThat(shards.tensors()).containsOnlyKeys("a.weight", "b.bias", "c.weight");
        }
    }
}
