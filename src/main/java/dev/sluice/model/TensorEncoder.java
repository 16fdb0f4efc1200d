package dev.sluice.model;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Turns tensors of plain float types into the types of files: what the writers need, rounded to
/// nearest.
///
/// @see "quantize_row_q8_0_ref and its siblings in ggml-quants.c of ggml-org/ggml"
final class TensorEncoder {
    private static final int GROUP = 32;

    private final MemorySegment out;
    private final float[] group = new float[GROUP];

    private TensorEncoder(MemorySegment out) {
        this.out = out;
    }

    /// Elements in another type.
    ///
    /// @param from F32, F16 or BF16, or `to`
    /// @param to F32, F16, BF16, Q8_0, Q4_0 or Q4_1
    /// @return `data` itself if it has the type already, else heap memory
    static MemorySegment encode(MemorySegment data, DType from, long elements, DType to) {
        if (from == to) {
            return data;
        }
        int bytes = Math.toIntExact(to.bytesFor(elements));
        TensorEncoder encoder = new TensorEncoder(MemorySegment.ofArray(new byte[bytes]));
        for (long i = 0; i < elements; i += GROUP) {
            int length = (int) Math.min(GROUP, elements - i);
            for (int j = 0; j < length; j++) {
                encoder.group[j] = TensorBytes.floatAt(data, from, i + j);
            }
            encoder.putGroup(to, i, length);
        }
        return encoder.out;
    }

    private void putGroup(DType dtype, long start, int length) {
        long at = start / GROUP * dtype.blockBytes();
        switch (dtype) {
            case F32 -> {
                for (int j = 0; j < length; j++) {
                    out.set(ByteCursor.FLOAT, 4 * (start + j), group[j]);
                }
            }
            case F16 -> {
                for (int j = 0; j < length; j++) {
                    putHalf(2 * (start + j), group[j]);
                }
            }
            case BF16 -> {
                for (int j = 0; j < length; j++) {
                    out.set(ByteCursor.SHORT, 2 * (start + j), Bfloat16.bits(group[j]));
                }
            }
            case Q8_0 -> putQ8(at);
            case Q4_0 -> putQ4Symmetric(at);
            case Q4_1 -> putQ4WithMinimum(at);
            default -> throw new IllegalArgumentException("no encoder for " + dtype);
        }
    }

    private void putQ8(long at) {
        float largest = 0;
        for (float value : group) {
            largest = Math.max(largest, Math.abs(value));
        }
        float scale = largest / 127;
        putHalf(at, scale);
        for (int j = 0; j < GROUP; j++) {
            putByte(at + 2 + j, scale == 0 ? 0 : Math.round(group[j] / scale));
        }
    }

    private void putQ4Symmetric(long at) {
        float extreme = 0;
        for (float value : group) {
            extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
        }
        float scale = extreme / -8;
        putHalf(at, scale);
        putNibbles(at + 2, scale == 0 ? 0 : 1 / scale, 8);
    }

    private void putQ4WithMinimum(long at) {
        float min = group[0];
        float max = group[0];
        for (float value : group) {
            min = Math.min(min, value);
            max = Math.max(max, value);
        }
        float scale = (max - min) / 15;
        putHalf(at, scale);
        putHalf(at + 2, min);
        float inverse = scale == 0 ? 0 : 1 / scale;
        putNibbles(at + 4, inverse, -min * inverse);
    }

    /// Element `j` in the low half of byte `j`, element `j + 16` in the high half.
    private void putNibbles(long at, float inverseScale, float offset) {
        for (int j = 0; j < GROUP / 2; j++) {
            int low = nibble(group[j] * inverseScale + offset);
            int high = nibble(group[j + GROUP / 2] * inverseScale + offset);
            putByte(at + j, low | high << 4);
        }
    }

    private static int nibble(float value) {
        return Math.clamp(Math.round(value), 0, 15);
    }

    private void putHalf(long at, float value) {
        out.set(ByteCursor.SHORT, at, Float.floatToFloat16(value));
    }

    private void putByte(long at, int value) {
        out.set(ValueLayout.JAVA_BYTE, at, (byte) value);
    }
}
