package dev.sluice.compute.cuda;

import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.compute.weights.WeightGroup;

/// How a row of weights lies in the GPU's memory; the rows of a matrix follow one another.
///
/// ```
/// floats     w[cols], padding
/// integers   codes[padded cols], scales[padded cols / group], minima[padded cols / 32], padding
/// ```
///
/// Integers are padded with zeros to whole groups of 32. Codes of 8 bits are signed; of 4 bits
/// there are two in a byte, the low half first, 0 to 15, where 8 means 0 in formats without a
/// minimum. Scales and minima are float16 or float32 as the format says. A row begins at a multiple
/// of 16 bytes, so that kernels read sixteen bytes at a time; `native/cuda/weights.cuh` knows the
/// same.
///
/// @param format the numbers
/// @param cols inputs, without padding
record RowLayout(WeightFormat format, int cols) {
    private static final int ALIGNMENT = 16;

    /// Whole groups of inputs.
    int groups() {
        return Math.ceilDiv(cols, WeightGroup.SIZE);
    }

    /// Bytes of weights or codes.
    int codeBytes() {
        int padded = groups() * WeightGroup.SIZE;
        return switch (format.encoding()) {
            case F32 -> Math.multiplyExact(cols, Float.BYTES);
            case F16, BF16 -> Math.multiplyExact(cols, Short.BYTES);
            case INT8 -> padded;
            case INT4 -> padded / 2;
            case INT8_ROW -> throw unknown(format.encoding());
        };
    }

    /// No matrix here has it: [WeightFormat#grouped] is what is packed.
    static IllegalStateException unknown(WeightFormat.Encoding encoding) {
        return new IllegalStateException(encoding + " has no kernels");
    }

    /// Scales of each group of 32.
    int scalesPerGroup() {
        return WeightGroup.SIZE / format.group();
    }

    /// Where the scales begin in a row of integers.
    int scaleOffset() {
        return codeBytes();
    }

    /// Where the minima begin in a row of integers that has them.
    int minOffset() {
        return scaleOffset() + groups() * scalesPerGroup() * format.scaleBytes();
    }

    /// Bytes from one row to the next.
    int rowBytes() {
        int end =
                format.isQuantized()
                        ? minOffset() + (format.hasMin() ? groups() * format.scaleBytes() : 0)
                        : codeBytes();
        return Math.ceilDiv(end, ALIGNMENT) * ALIGNMENT;
    }

    /// Elements from one row of floats to the next.
    int floatStride() {
        return switch (format.encoding()) {
            case F32 -> rowBytes() / Float.BYTES;
            case F16, BF16 -> rowBytes() / Short.BYTES;
            case INT8, INT4, INT8_ROW ->
                    throw new IllegalStateException(format.label() + " is no float");
        };
    }
}
