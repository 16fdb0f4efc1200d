package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;

/// Thirty-two neighbouring weights of one of GGUF's block formats, taken apart: `w = scale * q +
/// min`. The product is exact in float32 and the sum is rounded once.
///
/// @see "ggml-common.h and ggml-quants.c of ggml-org/ggml (block layouts and dequantisation)"
final class GgufGroup {
    static final int SIZE = 32;
    private static final int PER_SUPER_BLOCK = 8;

    /// The integers; `-2^(bits-1)` and up for formats without a minimum, 0 and up with one.
    final int[] q = new int[SIZE];

    /// Scale of the first 16 weights and of the last 16; they differ in Q6_K only.
    float scale;

    float upperScale;

    /// 0 for formats without a minimum.
    float min;

    /// The stored float16 of scale and minimum, for the formats that have them.
    short scaleBits;

    short minBits;

    /// Reads a group.
    ///
    /// @param row where the row begins, in bytes
    /// @param group index of the group in its row
    void read(DType type, MemorySegment data, long row, int group) {
        if (type.blockElements() == SIZE) {
            long block = row + (long) group * type.blockBytes();
            readBlock(type, data, block);
        } else {
            long block = row + (long) (group / PER_SUPER_BLOCK) * type.blockBytes();
            readPart(type, data, block, group % PER_SUPER_BLOCK);
        }
    }

    /// Weight `i` of the group.
    float value(int i) {
        return (i < 16 ? scale : upperScale) * q[i] + min;
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
