package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;

import java.lang.foreign.MemorySegment;

/// Reads the rows of a weight matrix as a file holds it.
final class SourceRows {
    private final MatrixSource source;
    private final MemorySegment rowOrder;
    private final GgufGroup group = new GgufGroup();

    /// @param rowOrder int32, stored row of each logical row; or [MemorySegment#NULL]
    SourceRows(MatrixSource source, MemorySegment rowOrder) {
        this.source = source;
        this.rowOrder = rowOrder;
    }

    /// Dequantises a logical row.
    ///
    /// @param into float32 `[cols]`
    void floats(int row, float[] into) {
        DType type = source.dtype();
        if (type.isQuantized()) {
            for (int g = 0; g < source.cols() / GgufGroup.SIZE; g++) {
                GgufGroup part = group(row, g);
                for (int i = 0; i < GgufGroup.SIZE; i++) {
                    into[g * GgufGroup.SIZE + i] = part.value(i);
                }
            }
            return;
        }
        long stored = storedRow(row);
        long step = source.transposed() ? source.rowStride() : 1;
        long first = source.transposed() ? stored : stored * source.rowStride();
        for (int k = 0; k < source.cols(); k++) {
            into[k] = element(type, source.data(), first + k * step);
        }
    }

    /// One group of a quantised row; valid until the next call.
    GgufGroup group(int row, int index) {
        long start = storedRow(row) * source.dtype().bytesFor(source.rowStride());
        group.read(source.dtype(), source.data(), start, index);
        return group;
    }

    private long storedRow(int row) {
        return rowOrder.byteSize() == 0 ? row : Bits.i32(rowOrder, row);
    }

    /// Element `index` of a plain float type.
    static float element(DType type, MemorySegment data, long index) {
        return switch (type) {
            case F32 -> Bits.f32(data, index);
            case F16 -> Bits.f16At(data, index * 2);
            case BF16 -> Bits.bf16At(data, index * 2);
            default -> throw new IllegalArgumentException(type + " is no float type");
        };
    }
}
