package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

/// How the numbers of a packed matrix lie in panels; the layouts are in `native/cpu/sluice_cpu.h`.
final class PanelLayout {
    /// Outputs of one panel.
    static final int WIDTH = 32;

    /// Inputs of one block of a panel; the inputs are padded to a multiple.
    static final int BLOCK = 32;

    private PanelLayout() {}

    /// Inputs with padding.
    static int paddedCols(int cols) {
        return Math.ceilDiv(cols, BLOCK) * BLOCK;
    }

    /// Bytes of the scales and minima before the codes of one block.
    static int headBytes(WeightFormat format) {
        return format.isQuantized()
                ? WIDTH * format.scaleBytes() * (BLOCK / format.group() + (format.hasMin() ? 1 : 0))
                : 0;
    }

    /// Bytes of one block of 32 inputs by 32 outputs.
    static int blockBytes(WeightFormat format) {
        int elements = BLOCK * WIDTH;
        return headBytes(format)
                + switch (format.encoding()) {
                    case F32 -> elements * 4;
                    case F16, BF16 -> elements * 2;
                    case INT8, INT8_ROW -> elements;
                    case INT4 -> elements / 2;
                };
    }

    /// Bytes of one panel, a multiple of 64.
    static long panelBytes(WeightFormat format, int cols) {
        return scalesAt(format, cols) + (hasRowScales(format) ? WIDTH * format.scaleBytes() : 0);
    }

    /// Whether each output has one scale, behind the blocks of its panel.
    static boolean hasRowScales(WeightFormat format) {
        return format.encoding() == WeightFormat.Encoding.INT8_ROW;
    }

    /// Where the blocks of a panel end, and the scales of its outputs begin, if it has any.
    static long scalesAt(WeightFormat format, int cols) {
        return (long) Math.ceilDiv(cols, BLOCK) * blockBytes(format);
    }
}
