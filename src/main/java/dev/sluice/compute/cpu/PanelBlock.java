package dev.sluice.compute.cpu;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A block of 32 inputs by 32 outputs of a packed matrix, unpacked to arrays `[input][output]`.
final class PanelBlock {
    private static final int ELEMENTS = PanelLayout.BLOCK * PanelLayout.WIDTH;

    /// Values, after [#readFloats].
    final float[] w = new float[ELEMENTS];

    /// Integers, after [#readCodes].
    final int[] q = new int[ELEMENTS];

    /// Scales of the 32 outputs: of inputs 0 to 15, then of inputs 16 to 31.
    final float[] scales = new float[2 * PanelLayout.WIDTH];

    /// Minima of the 32 outputs, or zeros.
    final float[] mins = new float[PanelLayout.WIDTH];

    private final byte[] bytes = new byte[ELEMENTS];
    private final short[] shorts = new short[ELEMENTS];

    /// Reads the weights themselves.
    void readFloats(Panels panels, long panel, int block) {
        MemorySegment data = panels.data();
        long at = panels.blockOffset(panel, block);
        switch (panels.format().encoding()) {
            case F32 -> MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, at, w, 0, ELEMENTS);
            case F16 -> {
                MemorySegment.copy(data, ValueLayout.JAVA_SHORT, at, shorts, 0, ELEMENTS);
                for (int e = 0; e < ELEMENTS; e++) {
                    w[e] = Float.float16ToFloat(shorts[e]);
                }
            }
            case BF16 -> {
                MemorySegment.copy(data, ValueLayout.JAVA_SHORT, at, shorts, 0, ELEMENTS);
                for (int i = 0; i < PanelLayout.BLOCK; i++) {
                    int pair = i / 2 * 64 + i % 2;
                    for (int n = 0; n < PanelLayout.WIDTH; n++) {
                        w[i * 32 + n] = Bfloat16.value(shorts[pair + n * 2]);
                    }
                }
            }
            case INT8, INT4, INT8_ROW -> {
                readCodes(panels, panel, block);
                for (int i = 0; i < PanelLayout.BLOCK; i++) {
                    int scale = i / 16 * PanelLayout.WIDTH;
                    for (int n = 0; n < PanelLayout.WIDTH; n++) {
                        w[i * 32 + n] = scales[scale + n] * q[i * 32 + n] + mins[n];
                    }
                }
            }
        }
    }

    /// Reads integers, scales and minima of a quantised matrix.
    void readCodes(Panels panels, long panel, int block) {
        WeightFormat format = panels.format();
        long at = panels.blockOffset(panel, block);
        if (PanelLayout.hasRowScales(format)) {
            readRowScales(panels, panel);
        } else {
            readScales(panels.data(), at, format);
        }
        long codes = at + PanelLayout.headBytes(format);
        if (format.encoding() != WeightFormat.Encoding.INT4) {
            MemorySegment.copy(panels.data(), ValueLayout.JAVA_BYTE, codes, bytes, 0, ELEMENTS);
            for (int i = 0; i < PanelLayout.BLOCK; i++) {
                int row = i / 4 * 128 + i % 4;
                for (int n = 0; n < PanelLayout.WIDTH; n++) {
                    q[i * 32 + n] = (bytes[row + n * 4] & 0xFF) - 128;
                }
            }
            return;
        }
        MemorySegment.copy(panels.data(), ValueLayout.JAVA_BYTE, codes, bytes, 0, ELEMENTS / 2);
        int offset = format.hasMin() ? 0 : -8;
        for (int i = 0; i < PanelLayout.BLOCK; i++) {
            int row = i / 8 * 128 + i % 4;
            int shift = i % 8 < 4 ? 0 : 4;
            for (int n = 0; n < PanelLayout.WIDTH; n++) {
                q[i * 32 + n] = (bytes[row + n * 4] >> shift & 15) + offset;
            }
        }
    }

    private void readRowScales(Panels panels, long panel) {
        long at =
                panel * panels.panelBytes() + PanelLayout.scalesAt(panels.format(), panels.cols());
        Bits.readF32(panels.data(), at / Float.BYTES, scales, 0, PanelLayout.WIDTH);
        System.arraycopy(scales, 0, scales, PanelLayout.WIDTH, PanelLayout.WIDTH);
    }

    private void readScales(MemorySegment data, long at, WeightFormat format) {
        int size = format.scaleBytes();
        int halves = PanelLayout.BLOCK / format.group();
        for (int n = 0; n < PanelLayout.WIDTH; n++) {
            scales[n] = scale(data, at + (long) size * n, size);
            scales[32 + n] = halves == 1 ? scales[n] : scale(data, at + size * (32L + n), size);
            mins[n] = format.hasMin() ? scale(data, at + size * (32L * halves + n), size) : 0;
        }
    }

    private static float scale(MemorySegment data, long at, int size) {
        return size == 2 ? Bits.f16At(data, at) : Bits.f32At(data, at);
    }
}
