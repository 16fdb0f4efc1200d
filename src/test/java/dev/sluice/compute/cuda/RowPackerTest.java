package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.SourceRows;
import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Rows in the GPU's layout, read back as the layout says.
class RowPackerTest {
    private static final int ROWS = 7;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "I32")
    void aRowKeepsTheValuesOfItsSource(DType type) {
        int cols = columns(type);
        try (Arena arena = Arena.ofConfined()) {
            MatrixSource source = source(type, cols, arena);
            for (Packing packing : new Packing[] {Packing.SOURCE, Packing.FLOAT32}) {
                RowLayout layout = new RowLayout(WeightFormat.of(packing, type).grouped(), cols);
                MemorySegment packed = pack(source, layout, arena);

                for (int row = 0; row < ROWS; row++) {
                    assertThat(read(packed, layout, row)).isEqualTo(stored(source, row));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.compute.DeviceCases#typesAndPackings")
    void aQuantisedWeightIsLessThanAStepAway(DType type, Packing packing) {
        int cols = columns(type);
        RowLayout layout = new RowLayout(WeightFormat.of(packing, type).grouped(), cols);
        int steps = layout.format().encoding() == WeightFormat.Encoding.INT4 ? 16 : 254;
        try (Arena arena = Arena.ofConfined()) {
            MatrixSource source = source(type, cols, arena);
            MemorySegment packed = pack(source, layout, arena);

            for (int row = 0; row < ROWS; row++) {
                float[] values = read(packed, layout, row);
                float[] expected = stored(source, row);
                for (int k = 0; k < cols; k++) {
                    int group = k / 32 * 32;
                    float largest = 0;
                    for (int i = group; i < Math.min(cols, group + 32); i++) {
                        largest = Math.max(largest, Math.abs(expected[i]));
                    }
                    assertThat(Math.abs(values[k] - expected[k]))
                            .isLessThanOrEqualTo(2.01f * largest / steps);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "Q8_0", "Q4_K"})
    void aRangeOfRowsIsThatPartOfAllRows(DType type) {
        int cols = columns(type);
        RowLayout layout = new RowLayout(WeightFormat.ofSource(type), cols);
        try (Arena arena = Arena.ofConfined()) {
            int[] order = {6, 0, 5, 1, 4, 2, 3};
            MatrixSource source = source(type, cols, arena).withRowOrder(order);
            MemorySegment all = pack(source, layout, arena);
            MemorySegment some = arena.allocate(3L * layout.rowBytes());

            new RowPacker(source, layout).pack(2, 5, some);

            assertThat(some.mismatch(all.asSlice(2L * layout.rowBytes(), some.byteSize())))
                    .isNegative();
        }
    }

    private static int columns(DType type) {
        return type.isQuantized() ? 3 * type.blockElements() : 3 * 32 + 13;
    }

    private static MatrixSource source(DType type, int cols, Arena arena) {
        return new Randoms(5).source(type, ROWS, cols, arena);
    }

    private static MemorySegment pack(MatrixSource source, RowLayout layout, Arena arena) {
        MemorySegment packed = arena.allocate((long) ROWS * layout.rowBytes());
        new RowPacker(source, layout).pack(0, ROWS, packed);
        return packed;
    }

    private static float[] stored(MatrixSource source, int row) {
        float[] values = new float[source.cols()];
        new SourceRows(source).floats(row, values);
        return values;
    }

    private static float[] read(MemorySegment packed, RowLayout layout, int row) {
        float[] values = new float[layout.cols()];
        MemorySegment data = packed.asSlice((long) row * layout.rowBytes(), layout.rowBytes());
        for (int k = 0; k < values.length; k++) {
            values[k] = value(data, layout, k);
        }
        return values;
    }

    private static float value(MemorySegment row, RowLayout layout, int k) {
        WeightFormat format = layout.format();
        return switch (format.encoding()) {
            case F32 -> Bits.f32At(row, 4L * k);
            case F16 -> Bits.f16At(row, 2L * k);
            case BF16 -> Bits.bf16At(row, 2L * k);
            case INT8 -> dequantised(row, layout, k, (byte) Bits.u8(row, k));
            case INT4 -> {
                int code = Bits.u8(row, k / 2) >> (k % 2 * 4) & 15;
                yield dequantised(row, layout, k, format.hasMin() ? code : code - 8);
            }
            case INT8_ROW -> throw new IllegalArgumentException("no layout here");
        };
    }

    private static float dequantised(MemorySegment row, RowLayout layout, int k, int code) {
        WeightFormat format = layout.format();
        float scale = scale(row, layout.scaleOffset(), k / format.group(), format);
        float min = format.hasMin() ? scale(row, layout.minOffset(), k / 32, format) : 0;
        return scale * code + min;
    }

    private static float scale(MemorySegment row, int offset, int index, WeightFormat format) {
        return format.scaleBits() == 16
                ? Bits.f16At(row, offset + 2L * index)
                : Bits.f32At(row, offset + 4L * index);
    }
}
