package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/// Every block type against the gguf package's dequantisation, on arbitrary bytes; made by
/// `src/test/python/make_parity_checkpoints.py`.
class DequantisationTest {
    private static final int ROWS = 5;

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"I32", "I8"})
    void float32PackingGivesTheValuesOfTheGgufPackage(DType dtype) throws Exception {
        float[] expected = floats(dtype + ".f32");
        int columns = expected.length / ROWS;
        float[] found = new float[expected.length];
        try (Arena arena = Arena.ofConfined();
                CpuDevice device = CpuDevice.open(CpuOptions.defaults());
                ForwardBatch batch = new ForwardBatch(ROWS, 1, 1, ROWS)) {
            byte[] bytes = bytes(dtype + ".blocks");
            MemorySegment blocks = arena.allocate(bytes.length, 64);
            MemorySegment.copy(bytes, 0, blocks, ValueLayout.JAVA_BYTE, 0, bytes.length);
            PackedMatrix table =
                    device.pack(
                            List.of(MatrixSource.of(blocks, dtype, ROWS, columns)),
                            Packing.FLOAT32);
            Tensor out = device.allocate(DType.F32, Shape.of(ROWS, columns));
            batch.add(IntStream.range(0, ROWS).toArray(), 0, ROWS, new int[1], 1, false);
            device.embedding(table, batch, 1, out);
            device.download(out, MemorySegment.ofArray(found));
            device.release(out);
            device.release(table);
        }

        // A zero may have either sign.
        assertThat(found).containsExactly(expected, Offset.offset(0f));
    }

    private static float[] floats(String name) throws IOException, URISyntaxException {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(name)).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[bytes.capacity() / 4];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    private static byte[] bytes(String name) throws IOException, URISyntaxException {
        var url = DequantisationTest.class.getResource("/parity/blocks/" + name);
        return Files.readAllBytes(Path.of(Objects.requireNonNull(url, name).toURI()));
    }
}
