package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.PagedSequences;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Where rotated keys and values lie in the cache of the CUDA device: row by row inside a block.
final class CudaRotaryTest {
    private static final int KV_HEADS = 2;
    private static final int BLOCK = 4;
    private static final int BLOCKS = 5;

    private final Randoms random = new Randoms(41);

    /// A position of one of two sequences, whose keys and values lie in blocks 4, 0 and 2, 3.
    private record Token(int row, int position, int block) {}

    private static final Token[] TOKENS = {
        new Token(0, 3, 4), new Token(1, 4, 0), new Token(2, 5, 0), new Token(3, 7, 3)
    };

    private static float value(DType type, MemorySegment cache, long element) {
        return switch (type) {
            case F32 -> cache.getAtIndex(ValueLayout.JAVA_FLOAT, element);
            case F16 -> Float.float16ToFloat(cache.getAtIndex(ValueLayout.JAVA_SHORT, element));
            default ->
                    Float.intBitsToFloat(cache.getAtIndex(ValueLayout.JAVA_SHORT, element) << 16);
        };
    }

    private static double tolerance(DType type) {
        return switch (type) {
            case F32 -> 1e-6;
            case F16 -> 3e-3;
            default -> 2e-2;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 16, 16, false",
        "F32, 24, 16, true",
        "F16, 64, 32, false",
        "BF16, 64, 64, true",
        "BF16, 8, 0, false"
    })
    void keysAndValuesLieRowByRow(DType type, int headDim, int rotaryDim, boolean interleaved) {
        Cusim.open().reset();
        float[][] q = random.matrix(4, 3 * headDim);
        float[][] k = random.matrix(4, KV_HEADS * headDim);
        float[][] v = random.matrix(4, KV_HEADS * headDim);
        float[] frequencies = PagedSequences.frequencies(rotaryDim / 2);
        try (CudaDevice device = CudaDevice.open(CudaOptions.defaults().withEmulation());
                Arena arena = Arena.ofConfined();
                ForwardBatch batch = new ForwardBatch(8, 2, 2, BLOCK);
                DeviceMatrix queries = DeviceMatrix.of(device, q);
                DeviceMatrix keys = DeviceMatrix.of(device, k);
                DeviceMatrix values = DeviceMatrix.of(device, v);
                DeviceMatrix table = DeviceMatrix.blank(device, 4, rotaryDim)) {
            Shape shape = Shape.of(BLOCKS, 2, KV_HEADS, BLOCK, headDim);
            Tensor kv = device.allocate(type, shape);
            batch.add(new int[6], 3, 6, new int[] {4, 0}, 2, false);
            batch.add(new int[8], 7, 8, new int[] {2, 3}, 2, false);

            device.rotaryTable(
                    batch,
                    arena.allocateFrom(ValueLayout.JAVA_FLOAT, frequencies),
                    1,
                    table.tensor());
            device.rotaryAndStore(
                    queries.tensor(),
                    keys.tensor(),
                    values.tensor(),
                    table.tensor(),
                    new RotarySpec(headDim, rotaryDim, interleaved),
                    batch,
                    kv);

            MemorySegment cache = arena.allocate(type.bytesFor(shape.elements()), 8);
            device.download(kv, cache);
            long written = 0;
            for (Token token : TOKENS) {
                double[] rotated =
                        Oracle.rotate(
                                k[token.row()],
                                headDim,
                                rotaryDim,
                                interleaved,
                                token.position(),
                                frequencies);
                for (int i = 0; i < rotated.length; i++) {
                    long head = i / headDim;
                    long plane = 2L * token.block() * KV_HEADS + head;
                    long slot = token.position() % BLOCK;
                    long key = (plane * BLOCK + slot) * headDim + i % headDim;
                    long val = key + (long) KV_HEADS * BLOCK * headDim;
                    assertThat((double) value(type, cache, key))
                            .isCloseTo(rotated[i], within(tolerance(type)));
                    assertThat((double) value(type, cache, val))
                            .isCloseTo(v[token.row()][i], within(tolerance(type)));
                    written += 2;
                }
            }
            assertThat(nonZeros(type, cache)).isEqualTo(written);
            device.release(kv);
        }
    }

    private static long nonZeros(DType type, MemorySegment cache) {
        long count = 0;
        for (long i = 0; i < cache.byteSize() / type.blockBytes(); i++) {
            count += value(type, cache, i) == 0 ? 0 : 1;
        }
        return count;
    }
}
