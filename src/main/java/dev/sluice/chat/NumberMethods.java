package dev.sluice.chat;

/// The attributes of int and float.
final class NumberMethods {
    private NumberMethods() {}

    /// The attribute of a name; [Missing] when there is none.
    static Object find(Object number, String name) {
        if (number instanceof Double value) {
            return switch (name) {
                case "real" -> value;
                case "imag" -> 0.0;
                case "is_integer" ->
                        BuiltinFunction.method(
                                name,
                                (_, _) -> value == Math.rint(value) && !Double.isInfinite(value));
                case "conjugate" -> BuiltinFunction.method(name, (_, _) -> value);
                default -> Missing.MISSING;
            };
        }
        return switch (name) {
            case "real", "numerator" -> Numbers.normalised(Numbers.big(number));
            case "imag" -> 0L;
            case "denominator" -> 1L;
            case "bit_length" ->
                    BuiltinFunction.method(
                            name, (_, _) -> (long) Numbers.big(number).abs().bitLength());
            case "bit_count" ->
                    BuiltinFunction.method(
                            name, (_, _) -> (long) Numbers.big(number).abs().bitCount());
            case "conjugate" -> BuiltinFunction.method(name, (_, _) -> Numbers.integer(number));
            default -> Missing.MISSING;
        };
    }
}
