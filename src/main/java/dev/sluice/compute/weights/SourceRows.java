package dev.sluice.compute.weights;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Reads the rows of a weight matrix as a file holds it. Belongs to one thread.
public final class SourceRows {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    /// Columns of a transposed source that are read at a time: a cache line of 16-bit floats.
    private static final int TILE = 32;

    private final MatrixSource source;
    private final int[] rowOrder;
    private final float[] rowScales;
    private final WeightGroup group = new WeightGroup();
    private short[] shorts = new short[0];
    private int[] ints = new int[0];
    private float[] tile = new float[0];
    private long tileFirst;
    private int tileWidth;

    /// Reads from a source, which stays the caller's.
    public SourceRows(MatrixSource source) {
        this.source = source;
        this.rowOrder = source.rowOrder().orElse(new int[0]);
        this.rowScales = source.rowScales().orElse(new float[0]);
    }

    /// Dequantises a logical row.
    ///
    /// @param into float32 `[cols]`, or longer
    public void floats(int row, float[] into) {
        DType type = source.dtype();
        if (type.isQuantized()) {
            for (int g = 0; g < source.cols() / WeightGroup.SIZE; g++) {
                group(row, g).copyValues(into, g * WeightGroup.SIZE);
            }
        } else if (source.transposed()) {
            column(storedRow(row), into);
        } else {
            long start = storedRow(row) * type.bytesFor(source.rowStride());
            elements(start, into, source.cols());
        }
    }

    /// The stored rows of a transposed source lie across the memory: several are read at a time.
    private void column(long stored, float[] into) {
        if (stored < tileFirst || stored >= tileFirst + tileWidth) {
            tileFirst = stored / TILE * TILE;
            tileWidth = (int) Math.min(TILE, lastStoredRow() + 1 - tileFirst);
            tile = tile.length == 0 ? new float[TILE * source.cols()] : tile;
            float[] part = new float[TILE];
            for (int k = 0; k < source.cols(); k++) {
                long at = source.dtype().bytesFor(k * source.rowStride() + tileFirst);
                elements(at, part, tileWidth);
                System.arraycopy(part, 0, tile, k * TILE, tileWidth);
            }
        }
        int inTile = (int) (stored - tileFirst);
        for (int k = 0; k < source.cols(); k++) {
            into[k] = tile[k * TILE + inTile];
        }
    }

    private long lastStoredRow() {
        return rowOrder.length == 0
                ? source.rows() - 1L
                : Arrays.stream(rowOrder).max().orElseThrow();
    }

    /// Elements of a plain float type that follow one another.
    private void elements(long start, float[] into, int count) {
        MemorySegment data = source.data();
        switch (source.dtype()) {
            case F32 -> MemorySegment.copy(data, FLOAT, start, into, 0, count);
            case F16 -> {
                MemorySegment.copy(data, SHORT, start, shorts(count), 0, count);
                for (int k = 0; k < count; k++) {
                    into[k] = Float.float16ToFloat(shorts[k]);
                }
            }
            case BF16 -> {
                MemorySegment.copy(data, SHORT, start, shorts(count), 0, count);
                // Shifted as integers and copied: a loop that makes floats is not vectorised.
                int[] bits = ints(count);
                for (int k = 0; k < count; k++) {
                    bits[k] = shorts[k] << 16;
                }
                MemorySegment.copy(
                        MemorySegment.ofArray(bits), 0, MemorySegment.ofArray(into), 0, 4L * count);
            }
            default -> throw new IllegalArgumentException(source.dtype() + " is no float type");
        }
    }

    private int[] ints(int count) {
        if (ints.length < count) {
            ints = new int[count];
        }
        return ints;
    }

    private short[] shorts(int count) {
        if (shorts.length < count) {
            shorts = new short[count];
        }
        return shorts;
    }

    /// One group of a quantised row; valid until the next call.
    public WeightGroup group(int row, int index) {
        long stored = storedRow(row);
        long start = stored * source.dtype().bytesFor(source.rowStride());
        int first = source.firstColumn() / WeightGroup.SIZE;
        group.read(source.dtype(), source.data(), start, first + index);
        if (rowScales.length > 0) {
            group.scaleBy(rowScales[(int) stored]);
        }
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
