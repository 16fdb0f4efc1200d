package dev.sluice.compute.weights;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;

import java.util.Locale;

/// The numbers of a packed matrix, whatever layout a device gives them.
///
/// @param encoding the number format
/// @param group inputs that share a scale: 32 or 16; 0 for the float formats and `INT8_ROW`
/// @param scaleBits bits of a scale or minimum: 16 or 32; 0 for the float formats
/// @param hasMin whether a group of 32 has a minimum beside its scale
public record WeightFormat(Encoding encoding, int group, int scaleBits, boolean hasMin) {
    /// Number formats.
    public enum Encoding {
        /// 32-bit floats.
        F32(0),
        /// 16-bit floats.
        F16(1),
        /// Bfloat16.
        BF16(2),
        /// Integers of 8 bits, times a scale.
        INT8(3),
        /// Integers of 4 bits, times a scale.
        INT4(4),
        /// Integers of 8 bits, times a float32 scale of their row.
        INT8_ROW(5);

        private final int code;

        Encoding(int code) {
            this.code = code;
        }

        /// The number by which native kernels know it.
        public int code() {
            return code;
        }
    }

    private static final WeightFormat F32 = floats(Encoding.F32);
    private static final WeightFormat F16 = floats(Encoding.F16);
    private static final WeightFormat BF16 = floats(Encoding.BF16);
    private static final WeightFormat INT8 = new WeightFormat(Encoding.INT8, 32, 16, false);
    private static final WeightFormat INT4 = new WeightFormat(Encoding.INT4, 32, 16, false);

    private static final WeightFormat INT8_HALVES = new WeightFormat(Encoding.INT8, 16, 32, false);
    private static final WeightFormat INT8_ROW = new WeightFormat(Encoding.INT8_ROW, 0, 32, false);

    private static WeightFormat floats(Encoding encoding) {
        return new WeightFormat(encoding, 0, 0, false);
    }

    /// The format that a packing makes of a source type. What has 8 bits already keeps its codes
    /// when 8 bits are asked for.
    ///
    /// @throws IllegalArgumentException if the type holds no weights
    public static WeightFormat of(Packing packing, DType source) {
        return switch (packing) {
            case SOURCE -> ofSource(source);
            case FLOAT32 -> F32;
            case BFLOAT16 -> BF16;
            case INT8 -> source == DType.I8 ? INT8_ROW : INT8;
            case INT4 -> INT4;
        };
    }

    /// The format that keeps a type's values bit for bit.
    ///
    /// @throws IllegalArgumentException if the type holds no weights
    public static WeightFormat ofSource(DType source) {
        return switch (source) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            case Q4_0 -> INT4;
            case Q4_1 -> new WeightFormat(Encoding.INT4, 32, 16, true);
            case Q5_0, Q8_0 -> INT8;
            case Q5_1 -> new WeightFormat(Encoding.INT8, 32, 16, true);
            case Q4_K -> new WeightFormat(Encoding.INT4, 32, 32, true);
            case Q5_K -> new WeightFormat(Encoding.INT8, 32, 32, true);
            case Q6_K -> INT8_HALVES;
            case I8 -> INT8_ROW;
            case I32 ->
                    throw new IllegalArgumentException("pack: " + source + " is no weight type");
        };
    }

    /// The same numbers for devices that have no products with one scale a row: the halves of each
    /// group have it.
    public WeightFormat grouped() {
        return encoding == Encoding.INT8_ROW ? INT8_HALVES : this;
    }

    /// Whether each group of inputs has a scale.
    public boolean isQuantized() {
        return group > 0;
    }

    /// Bytes of one scale or minimum.
    public int scaleBytes() {
        return scaleBits / 8;
    }

    /// One word for humans.
    public String label() {
        String word = encoding.name().toLowerCase(Locale.ROOT);
        return word + (hasMin ? "+min" : "") + (group == 16 ? "/16" : "");
    }
}
