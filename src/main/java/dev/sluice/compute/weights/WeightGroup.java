package dev.sluice.compute.weights;

import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;

/// Thirty-two neighbouring weights of a row, taken apart into integers and scales: `w = scale * q +
/// min`. Either read from one of GGUF's block formats, whose product is exact in float32 but for
/// Q6_K and whose sum is rounded once, or quantised from floats. Belongs to one thread.
///
/// @see "ggml-common.h and ggml-quants.c of ggml-org/ggml (block layouts and dequantisation)"
public final class WeightGroup {
    /// Weights of one group.
    public static final int SIZE = 32;

    private static final int PER_SUPER_BLOCK = 8;

    private final int[] q = new int[SIZE];
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

    /// Weight `i` of the group.
    public float value(int i) {
        return (i < 16 ? scale : upperScale) * q[i] + min;
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
        for (int i = 0; i < SIZE; i++) {
            int code = i < count ? (int) Math.rint(values[from + i] * inverse) : 0;
            q[i] = Math.clamp(code, least, most);
        }
    }

    /// Reads a group.
    ///
    /// @param row where the row begins, in bytes
    /// @param group index of the group in its row
    public void read(DType type, MemorySegment data, long row, int group) {
        if (type.blockElements() == SIZE) {
            long block = row + (long) group * type.blockBytes();
            readBlock(type, data, block);
        } else {
            long block = row + (long) (group / PER_SUPER_BLOCK) * type.blockBytes();
            readPart(type, data, block, group % PER_SUPER_BLOCK);
        }
    }

    private void readBlock(DType type, MemorySegment data, long block) {
        scaleBits = Bits.i16At(data, block);
        scale = Float.float16ToFloat(scaleBits);
        upperScale = scale;
        boolean hasMin = type == DType.Q4_1 || type == DType.Q5_1;
        minBits = hasMin ? Bits.i16At(data, block + 2) : 0;
        min = Float.float16ToFloat(minBits);
        long rest = block + (hasMin ? 4 : 2);
        switch (type) {
            case Q4_0 -> readNibbles(data, rest, 0, -8);
            case Q4_1 -> readNibbles(data, rest, 0, 0);
            case Q5_0 -> readNibbles(data, rest + 4, Bits.i32At(data, rest), -16);
            case Q5_1 -> readNibbles(data, rest + 4, Bits.i32At(data, rest), 0);
            case Q8_0 -> {
                for (int i = 0; i < SIZE; i++) {
                    q[i] = (byte) Bits.u8(data, rest + i);
                }
            }
            default -> throw new IllegalArgumentException(type + " has no blocks of 32");
        }
    }

    /// Low nibbles are the first half, high nibbles the second; bit `i` of `fifth` is bit 4.
    private void readNibbles(MemorySegment data, long at, int fifth, int offset) {
        for (int i = 0; i < SIZE / 2; i++) {
            int pair = Bits.u8(data, at + i);
            q[i] = ((pair & 15) | (fifth >>> i & 1) << 4) + offset;
            q[i + 16] = (pair >> 4 | (fifth >>> (i + 16) & 1) << 4) + offset;
        }
    }

    private void readPart(DType type, MemorySegment data, long block, int part) {
        switch (type) {
            case Q4_K -> {
                readScaleAndMin(data, block, part);
                readQ4K(data, block + 16, part);
            }
            case Q5_K -> {
                readScaleAndMin(data, block, part);
                readQ4K(data, block + 48, part);
                for (int i = 0; i < SIZE; i++) {
                    q[i] |= (Bits.u8(data, block + 16 + i) >> part & 1) << 4;
                }
            }
            case Q6_K -> readQ6K(data, block, part);
            default -> throw new IllegalArgumentException(type + " has no blocks of 256");
        }
    }

    /// Eight 6-bit scales and minima in twelve bytes, times two float16 of the block.
    private void readScaleAndMin(MemorySegment data, long block, int part) {
        long at = block + 4;
        int low;
        int high;
        if (part < 4) {
            low = Bits.u8(data, at + part) & 63;
            high = Bits.u8(data, at + part + 4) & 63;
        } else {
            int both = Bits.u8(data, at + part + 4);
            low = (both & 15) | Bits.u8(data, at + part - 4) >> 6 << 4;
            high = both >> 4 | Bits.u8(data, at + part) >> 6 << 4;
        }
        scale = Bits.f16At(data, block) * low;
        upperScale = scale;
        min = -(Bits.f16At(data, block + 2) * high);
    }

    private void readQ4K(MemorySegment data, long nibbles, int part) {
        long at = nibbles + (part / 2) * (long) SIZE;
        int shift = part % 2 * 4;
        for (int i = 0; i < SIZE; i++) {
            q[i] = Bits.u8(data, at + i) >> shift & 15;
        }
    }

    private void readQ6K(MemorySegment data, long block, int part) {
        int half = part / 4;
        int quarter = part % 4;
        long low = block + half * 64L + (quarter % 2) * 32L;
        long high = block + 128 + half * 32L;
        int lowShift = quarter / 2 * 4;
        for (int i = 0; i < SIZE; i++) {
            int low4 = Bits.u8(data, low + i) >> lowShift & 15;
            int high2 = Bits.u8(data, high + i) >> (2 * quarter) & 3;
            q[i] = (low4 | high2 << 4) - 32;
        }
        long scales = block + 192 + half * 8L + quarter * 2L;
        float d = Bits.f16At(data, block + 208);
        scale = d * (byte) Bits.u8(data, scales);
        upperScale = d * (byte) Bits.u8(data, scales + 1);
        min = 0;
    }
}
