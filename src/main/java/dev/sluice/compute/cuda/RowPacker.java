package dev.sluice.compute.cuda;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.SourceRows;
import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.compute.weights.WeightGroup;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Writes rows of a stored matrix as the GPU reads them. Belongs to one thread.
final class RowPacker {
    private final MatrixSource source;
    private final RowLayout layout;
    private final WeightFormat format;
    private final SourceRows rows;
    private final WeightGroup quantized = new WeightGroup();
    private final float[] floats;
    private final short[] shorts;
    private final byte[] codes;

    RowPacker(MatrixSource source, RowLayout layout) {
        this.source = source;
        this.layout = layout;
        this.format = layout.format();
        this.rows = new SourceRows(source);
        this.floats = new float[layout.groups() * WeightGroup.SIZE];
        this.shorts = new short[layout.cols()];
        this.codes = new byte[layout.groups() * WeightGroup.SIZE];
    }

    /// Bytes of packed rows.
    long bytes(int rows) {
        return (long) rows * layout.rowBytes();
    }

    /// Writes the logical rows `[from, to)`, the first at the beginning of `into`.
    void pack(int from, int to, MemorySegment into) {
        boolean copied = !source.transposed() && holdsAsStored();
        for (int row = from; row < to; row++) {
            long at = (row - (long) from) * layout.rowBytes();
            if (format.isQuantized()) {
                packCodes(row, into, at);
            } else if (copied) {
                copy(row, into, at);
            } else {
                packFloats(row, into, at);
            }
        }
    }

    private boolean holdsAsStored() {
        return format.equals(WeightFormat.ofSource(source.dtype()).grouped());
    }

    private void copy(int row, MemorySegment into, long at) {
        DType type = source.dtype();
        long start = type.bytesFor(rows.storedRow(row) * source.rowStride());
        MemorySegment.copy(source.data(), start, into, at, layout.codeBytes());
    }

    private void packFloats(int row, MemorySegment into, long at) {
        int cols = layout.cols();
        rows.floats(row, floats);
        switch (format.encoding()) {
            case F32 -> Bits.writeF32(floats, 0, into, at / Float.BYTES, cols);
            case F16 -> {
                for (int k = 0; k < cols; k++) {
                    shorts[k] = Float.floatToFloat16(floats[k]);
                }
                writeShorts(into, at);
            }
            case BF16 -> {
                for (int k = 0; k < cols; k++) {
                    shorts[k] = Bfloat16.bits(floats[k]);
                }
                writeShorts(into, at);
            }
            case INT8, INT4, INT8_ROW ->
                    throw new IllegalStateException(format.label() + " is no float");
        }
    }

    private void writeShorts(MemorySegment into, long at) {
        MemorySegment.copy(shorts, 0, into, ValueLayout.JAVA_SHORT_UNALIGNED, at, layout.cols());
    }

    private void packCodes(int row, MemorySegment into, long at) {
        boolean carried = source.dtype().isQuantized() && holdsAsStored();
        if (!carried) {
            rows.floats(row, floats);
        }
        for (int g = 0; g < layout.groups(); g++) {
            if (carried) {
                write(rows.group(row, g), g, into, at);
            } else {
                int first = g * WeightGroup.SIZE;
                int count = Math.min(WeightGroup.SIZE, layout.cols() - first);
                quantized.quantize(floats, first, count, format.encoding());
                write(quantized, g, into, at);
            }
        }
        MemorySegment.copy(codes, 0, into, ValueLayout.JAVA_BYTE, at, layout.codeBytes());
    }

    private void write(WeightGroup group, int g, MemorySegment into, long row) {
        if (format.encoding() == WeightFormat.Encoding.INT8) {
            group.copyCodes(codes, g * WeightGroup.SIZE);
        } else {
            group.copyNibbles(codes, g * WeightGroup.SIZE / 2, format.hasMin() ? 0 : 8);
        }
        long scales = row + layout.scaleOffset();
        long mins = row + layout.minOffset();
        if (format.scaleBits() == 16) {
            Bits.setI16At(into, scales + 2L * g, group.scaleBits());
            if (format.hasMin()) {
                Bits.setI16At(into, mins + 2L * g, group.minBits());
            }
            return;
        }
        int perGroup = layout.scalesPerGroup();
        Bits.setF32At(into, scales + 4L * perGroup * g, group.scale());
        if (perGroup == 2) {
            Bits.setF32At(into, scales + 4L * (2 * g + 1), group.upperScale());
        }
        if (format.hasMin()) {
            Bits.setF32At(into, mins + 4L * g, group.min());
        }
    }
}
