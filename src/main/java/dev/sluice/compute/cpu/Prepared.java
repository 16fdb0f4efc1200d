package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

/// Forms that a row of activations is brought into before it meets a packed matrix.
enum Prepared {
    /// Float32 as it is.
    NONE(-1),
    /// Bfloat16, padded with zeros.
    BF16(0),
    /// Bytes with a scale and sums per group of 32.
    INT8(1),
    /// Bytes with one scale and sum.
    INT8_ROW(2);

    private final int code;

    Prepared(int code) {
        this.code = code;
    }

    /// The header's `SL_PREPARED_*`; negative for [#NONE], which it does not know.
    int code() {
        return code;
    }

    /// The form of the activations that matrices of a format are multiplied with.
    static Prepared of(WeightFormat format) {
        return switch (format.encoding()) {
            case F32, F16 -> NONE;
            case BF16 -> BF16;
            case INT8, INT4 -> INT8;
            case INT8_ROW -> INT8_ROW;
        };
    }

    /// Bytes from one prepared row to the next, a multiple of 64.
    long stride(int cols) {
        long padded = PanelLayout.paddedCols(cols);
        return switch (this) {
            case NONE -> 0;
            case BF16 -> Math.ceilDiv(2 * padded, 64L) * 64;
            case INT8 -> Math.ceilDiv(padded + 24 * (padded / 32), 64L) * 64;
            case INT8_ROW -> Math.ceilDiv(padded + 8, 64L) * 64;
        };
    }
}
