package dev.sluice.compute;

/// The upper half of a float32: its sign, its exponent and seven bits of its fraction.
public final class Bfloat16 {
    private static final int INFINITY = 0x7F800000;
    private static final int QUIET = 0x40;

    private Bfloat16() {}

    /// The bits of the nearest value, the even one of two; a NaN stays one.
    public static short bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & Integer.MAX_VALUE) > INFINITY) {
            return (short) ((bits >>> 16) | QUIET);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }

    /// The value of bits.
    public static float value(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /// The nearest value.
    public static float round(float value) {
        return value(bits(value));
    }
}
