package dev.sluice.compute.weights;

import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Thirty-two neighbouring weights of a row, taken apart into integers and scales: `w = scale * q +
/// min`. Either read from one of GGUF's block formats, whose product is exact in float32 but for
/// Q6_K and whose sum is rounded once, or quantised from floats. Belongs to one thread.
///
/// @see "ggml-common.h and ggml-quants.c of ggml-org/ggml (block layouts and dequantisation)"
public final class WeightGroup {
    /// Weights of one group.
    public static final int SIZE = 32;

    private static final int PER_SUPER_BLOCK = 8;

    private static final int LARGEST_BLOCK = 256;

    // A block is copied before it is taken apart: loops over arrays are vectorised.
    private final byte[] block = new byte[LARGEST_BLOCK];
    private final byte[] q = new byte[SIZE];
    private float scale;
    private float upperScale;
    private float min;
    private short scaleBits;
    private short minBits;

    /// Makes a group of zeros.
    public WeightGroup() {}

    /// Integer `i`; `-2^(bits-1)` and up for formats without a minimum, 0 and up with one.
    public int code(int i) {
        return q[i];
    }

    /// Scale of the first 16 weights; of all of them but in Q6_K.
    public float scale() {
        return scale;
    }

    /// Scale of the last 16 weights.
    public float upperScale() {
        return upperScale;
    }

    /// What is added to each product; 0 for formats without a minimum.
    public float min() {
        return min;
    }

    /// The stored float16 of the scale, for the formats that have one.
    public short scaleBits() {
        return scaleBits;
    }

    /// The stored float16 of the minimum, for the formats that have one.
    public short minBits() {
        return minBits;
    }

    /// Copies the integers.
    ///
    /// @param at where the first goes
    public void copyCodes(byte[] into, int at) {
        System.arraycopy(q, 0, into, at, SIZE);
    }

    /// Writes `code + zero` as 4 bits, two in a byte, the even one in the low half.
    ///
    /// @param at where the first pair goes
    /// @param zero brings the codes to 0 to 15
    public void copyNibbles(byte[] into, int at, int zero) {
        for (int i = 0; i < SIZE / 2; i++) {
            into[at + i] = (byte) ((q[2 * i] + zero) | ((q[2 * i + 1] + zero) << 4));
        }
    }

    /// Writes the weights themselves.
    ///
    /// @param at where the first goes
    public void copyValues(float[] into, int at) {
        for (int i = 0; i < SIZE / 2; i++) {
            into[at + i] = scale * q[i] + min;
        }
        for (int i = SIZE / 2; i < SIZE; i++) {
            into[at + i] = upperScale * q[i] + min;
        }
    }

    /// Quantises up to 32 floats, symmetrically, to one float16 scale and codes; the codes of what
    /// is missing to 32 are 0. For 4 bits the value of the largest magnitude becomes -8, so that
    /// all sixteen codes are used.
    ///
    /// @param from first value
    /// @param count 1 to 32
    /// @param encoding `INT8` or `INT4`
    public void quantize(float[] values, int from, int count, WeightFormat.Encoding encoding) {
        float extreme = 0;
        for (int i = from; i < from + count; i++) {
            if (Math.abs(values[i]) > Math.abs(extreme)) {
                extreme = values[i];
            }
        }
        boolean bytes = encoding == WeightFormat.Encoding.INT8;
        scaleBits = Float.floatToFloat16(bytes ? Math.abs(extreme) / 127f : extreme / -8f);
        minBits = 0;
        scale = Float.float16ToFloat(scaleBits);
        upperScale = scale;
        min = 0;
        float inverse = scale == 0 ? 0 : 1 / scale;
        int least = bytes ? -127 : -8;
        int most = bytes ? 127 : 7;
        for (int i = 0; i < count; i++) {
            // Adding 1.5 * 2^23 rounds to the nearest whole number, ties to even.
            int code = Float.floatToRawIntBits(values[from + i] * inverse + 0x1.8p23f) - 0x4B400000;
            q[i] = (byte) Math.min(Math.max(code, least), most);
        }
        Arrays.fill(q, count, SIZE, (byte) 0);
    }

    /// Sets the scale of all 32, for [DType#I8], whose scales are beside the matrix.
    public void scaleBy(float rowScale) {
        scale = rowScale;
        upperScale = rowScale;
        min = 0;
    }

    /// Reads a group; of [DType#I8] the codes only.
    ///
    /// @param row where the row begins, in bytes
    /// @param group index of the group in its row
    public void read(DType type, MemorySegment data, long row, int group) {
        boolean single = type.blockElements() == SIZE;
        int number = single ? group : group / PER_SUPER_BLOCK;
        long at = row + (long) number * type.blockBytes();
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, block, 0, type.blockBytes());
        if (single) {
            readBlock(type);
        } else {
            readPart(type, group % PER_SUPER_BLOCK);
        }
    }

    private void readBlock(DType type) {
        boolean hasMin = type == DType.Q4_1 || type == DType.Q5_1;
        scaleBits = i16(0);
        scale = Float.float16ToFloat(scaleBits);
        upperScale = scale;
        minBits = hasMin ? i16(2) : 0;
        min = Float.float16ToFloat(minBits);
        int rest = hasMin ? 4 : 2;
        switch (type) {
            case Q4_0 -> readNibbles(rest, 0, -8);
            case Q4_1 -> readNibbles(rest, 0, 0);
            case Q5_0 -> readNibbles(rest + 4, i32(rest), -16);
            case Q5_1 -> readNibbles(rest + 4, i32(rest), 0);
            case Q8_0 -> System.arraycopy(block, rest, q, 0, SIZE);
            case I8 -> System.arraycopy(block, 0, q, 0, SIZE);
            default -> throw new IllegalArgumentException(type + " has no blocks of 32");
        }
    }

    /// Low nibbles are the first half, high nibbles the second; bit `i` of `fifth` is bit 4.
    private void readNibbles(int at, int fifth, int offset) {
        for (int i = 0; i < SIZE / 2; i++) {
            q[i] = (byte) ((block[at + i] & 15) + offset);
            q[i + 16] = (byte) ((block[at + i] >> 4 & 15) + offset);
        }
        if (fifth != 0) {
            for (int i = 0; i < SIZE; i++) {
                q[i] += (byte) ((fifth >>> i & 1) << 4);
            }
        }
    }

    private void readPart(DType type, int part) {
        switch (type) {
            case Q4_K -> {
                readScaleAndMin(part);
                readQ4K(16, part);
            }
            case Q5_K -> {
                readScaleAndMin(part);
                readQ4K(48, part);
                for (int i = 0; i < SIZE; i++) {
                    q[i] |= (byte) ((block[16 + i] >> part & 1) << 4);
                }
            }
            case Q6_K -> readQ6K(part);
            default -> throw new IllegalArgumentException(type + " has no blocks of 256");
        }
    }

    /// Eight 6-bit scales and minima in twelve bytes, times two float16 of the block.
    private void readScaleAndMin(int part) {
        int low;
        int high;
        if (part < 4) {
            low = u8(4 + part) & 63;
            high = u8(8 + part) & 63;
        } else {
            int both = u8(8 + part);
            low = (both & 15) | u8(part) >> 6 << 4;
            high = both >> 4 | u8(4 + part) >> 6 << 4;
        }
        scale = f16(0) * low;
        upperScale = scale;
        min = -(f16(2) * high);
    }

    private void readQ4K(int nibbles, int part) {
        int at = nibbles + part / 2 * SIZE;
        int shift = part % 2 * 4;
        for (int i = 0; i < SIZE; i++) {
            q[i] = (byte) (block[at + i] >> shift & 15);
        }
    }

    private void readQ6K(int part) {
        int half = part / 4;
        int quarter = part % 4;
        int low = half * 64 + quarter % 2 * 32;
        int high = 128 + half * 32;
        int lowShift = quarter / 2 * 4;
        int highShift = 2 * quarter;
        for (int i = 0; i < SIZE; i++) {
            int low4 = block[low + i] >> lowShift & 15;
            int high2 = block[high + i] >> highShift & 3;
            q[i] = (byte) ((low4 | high2 << 4) - 32);
        }
        int scales = 192 + half * 8 + quarter * 2;
        float d = f16(208);
        scale = d * block[scales];
        upperScale = d * block[scales + 1];
        min = 0;
    }

    private int u8(int at) {
        return block[at] & 0xFF;
    }

    private short i16(int at) {
        return (short) (u8(at) | block[at + 1] << 8);
    }

    private int i32(int at) {
        return (i16(at) & 0xFFFF) | (i16(at + 2) << 16);
    }

    private float f16(int at) {
        return Float.float16ToFloat(i16(at));
    }
}
