package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;

import java.util.Locale;

/// How the numbers of a packed matrix are written; the layouts are in `native/cpu/sluice_cpu.h`.
///
/// @param encoding the number format
/// @param group inputs that share a scale: 32 or 16; 0 for the float formats
/// @param scaleBits bits of a scale or minimum: 16 or 32; 0 for the float formats
/// @param hasMin whether a group has a minimum beside its scale
record PanelFormat(Encoding encoding, int group, int scaleBits, boolean hasMin) {
    /// Outputs of one panel.
    static final int WIDTH = 32;

    /// Inputs of one block of a panel; the inputs are padded to a multiple.
    static final int BLOCK = 32;

    /// Number formats.
    enum Encoding {
        F32(0),
        F16(1),
        BF16(2),
        INT8(3),
        INT4(4);

        private final int code;

        Encoding(int code) {
            this.code = code;
        }

        /// The header's `SL_FORMAT_*`.
        int code() {
            return code;
        }
    }

    private static final PanelFormat F32 = floats(Encoding.F32);
    private static final PanelFormat F16 = floats(Encoding.F16);
    private static final PanelFormat BF16 = floats(Encoding.BF16);
    private static final PanelFormat INT8 = new PanelFormat(Encoding.INT8, 32, 16, false);
    private static final PanelFormat INT4 = new PanelFormat(Encoding.INT4, 32, 16, false);

    private static PanelFormat floats(Encoding encoding) {
        return new PanelFormat(encoding, 0, 0, false);
    }

    /// The format that a packing makes of a source type.
    ///
    /// @throws IllegalArgumentException if the type holds no weights
    static PanelFormat of(Packing packing, DType source) {
        return switch (packing) {
            case SOURCE -> ofSource(source);
            case FLOAT32 -> F32;
            case BFLOAT16 -> BF16;
            case INT8 -> INT8;
            case INT4 -> INT4;
        };
    }

    /// The format that keeps a type's values bit for bit.
    static PanelFormat ofSource(DType source) {
        return switch (source) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case Q4_0 -> INT4;
            case Q4_1 -> new PanelFormat(Encoding.INT4, 32, 16, true);
            case Q5_0, Q8_0 -> INT8;
            case Q5_1 -> new PanelFormat(Encoding.INT8, 32, 16, true);
            case Q4_K -> new PanelFormat(Encoding.INT4, 32, 32, true);
            case Q5_K -> new PanelFormat(Encoding.INT8, 32, 32, true);
            case Q6_K -> new PanelFormat(Encoding.INT8, 16, 32, false);
            case I32 ->
                    throw new IllegalArgumentException("pack: " + source + " is no weight type");
        };
    }

    /// Whether each group of inputs has a scale.
    boolean isQuantized() {
        return group > 0;
    }

    /// Inputs with padding.
    static int paddedCols(int cols) {
        return Math.ceilDiv(cols, BLOCK) * BLOCK;
    }

    /// Bytes of one scale or minimum.
    int scaleBytes() {
        return scaleBits / 8;
    }

    /// Bytes of the scales and minima before the codes of one block.
    int headBytes() {
        return isQuantized() ? WIDTH * scaleBytes() * (BLOCK / group + (hasMin ? 1 : 0)) : 0;
    }

    /// Bytes of one block of 32 inputs by 32 outputs.
    int blockBytes() {
        int elements = BLOCK * WIDTH;
        return headBytes()
                + switch (encoding) {
                    case F32 -> elements * 4;
                    case F16, BF16 -> elements * 2;
                    case INT8 -> elements;
                    case INT4 -> elements / 2;
                };
    }

    /// Bytes of one panel, a multiple of 64.
    long panelBytes(int cols) {
        return (long) Math.ceilDiv(cols, BLOCK) * blockBytes();
    }

    /// The form of the activations that matrices of this format are multiplied with.
    Prepared prepared() {
        return switch (encoding) {
            case F32, F16 -> Prepared.NONE;
            case BF16 -> Prepared.BF16;
            case INT8, INT4 -> Prepared.INT8;
        };
    }

    /// One word for humans.
    String label() {
        String word = encoding.name().toLowerCase(Locale.ROOT);
        return word + (hasMin ? "+min" : "") + (group == 16 ? "/16" : "");
    }
}
