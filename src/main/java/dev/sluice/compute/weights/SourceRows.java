package dev.sluice.compute.weights;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;

import java.lang.foreign.MemorySegment;

/// Reads the rows of a weight matrix as a file holds it. Belongs to one thread.
public final class SourceRows {
    private final MatrixSource source;
    private final int[] rowOrder;
    private final WeightGroup group = new WeightGroup();

    /// Reads from a source, which stays the caller's.
    public SourceRows(MatrixSource source) {
        this.source = source;
        this.rowOrder = source.rowOrder().orElse(new int[0]);
    }

    /// Dequantises a logical row.
    ///
    /// @param into float32 `[cols]`
    public void floats(int row, float[] into) {
        DType type = source.dtype();
        if (type.isQuantized()) {
            for (int g = 0; g < source.cols() / WeightGroup.SIZE; g++) {
                WeightGroup part = group(row, g);
                for (int i = 0; i < WeightGroup.SIZE; i++) {
                    into[g * WeightGroup.SIZE + i] = part.value(i);
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
    public WeightGroup group(int row, int index) {
        long start = storedRow(row) * source.dtype().bytesFor(source.rowStride());
        group.read(source.dtype(), source.data(), start, index);
        return group;
    }

    /// The row of the file that holds a logical row.
    public long storedRow(int row) {
        return rowOrder.length == 0 ? row : rowOrder[row];
    }

    /// Element `index` of a plain float type.
    public static float element(DType type, MemorySegment data, long index) {
        return switch (type) {
            case F32 -> Bits.f32(data, index);
            case F16 -> Bits.f16At(data, index * 2);
            case BF16 -> Bits.bf16At(data, index * 2);
            default -> throw new IllegalArgumentException(type + " is no float type");
        };
    }
}
