package dev.sluice.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Typed access to the metadata of a GGUF file. Arrays may be primitive ones, arrays of objects or
/// lists.
record GgufValues(Map<String, Object> values) {
    private static final String PREFIX = "tokenizer.ggml.";

    Optional<String> text(String key) {
        return values.get(key) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /// A number of the tokenizer that is an id.
    OptionalInt id(String name) {
        return values.get(PREFIX + name) instanceof Number number
                        && number.longValue() >= 0
                        && number.longValue() <= Integer.MAX_VALUE
                ? OptionalInt.of(number.intValue())
                : OptionalInt.empty();
    }

    boolean flag(String name, boolean otherwise) {
        return values.get(PREFIX + name) instanceof Boolean flag ? flag : otherwise;
    }

    boolean has(String name) {
        return values.containsKey(PREFIX + name);
    }

    /// The texts of an array.
    String[] texts(String name) {
        return switch (required(name)) {
            case String[] texts -> texts.clone();
            case Object[] objects -> texts(name, List.of(objects));
            case List<?> list -> texts(name, list);
            default -> throw wrong(name, "texts");
        };
    }

    private static String[] texts(String name, List<?> list) {
        return list.stream()
                .map(item -> item instanceof String text ? text : wrongItem(name))
                .toArray(String[]::new);
    }

    private static String wrongItem(String name) {
        throw wrong(name, "texts");
    }

    /// The integers of an array.
    int[] integers(String name) {
        return switch (required(name)) {
            case int[] ints -> ints.clone();
            case long[] longs -> convert(longs);
            case short[] shorts -> convert(shorts);
            case byte[] bytes -> convert(bytes);
            case Object[] objects -> numbers(name, List.of(objects));
            case List<?> list -> numbers(name, list);
            default -> throw wrong(name, "integers");
        };
    }

    /// The numbers of an array.
    double[] numbers(String name) {
        return switch (required(name)) {
            case float[] floats -> convert(floats);
            case double[] doubles -> doubles.clone();
            case Object[] objects -> fractions(name, List.of(objects));
            case List<?> list -> fractions(name, list);
            default -> throw wrong(name, "numbers");
        };
    }

    private Object required(String name) {
        Object value = values.get(PREFIX + name);
        if (value == null) {
            throw new TokenizerException("The GGUF file has no " + PREFIX + name + ".");
        }
        return value;
    }

    private static TokenizerException wrong(String name, String wanted) {
        return new TokenizerException(
                "The GGUF file's " + PREFIX + name + " is no array of " + wanted + ".");
    }

    private static int[] convert(long[] longs) {
        int[] result = new int[longs.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (int) longs[i];
        }
        return result;
    }

    private static int[] convert(short[] shorts) {
        int[] result = new int[shorts.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = shorts[i];
        }
        return result;
    }

    private static int[] convert(byte[] bytes) {
        int[] result = new int[bytes.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = bytes[i];
        }
        return result;
    }

    private static double[] convert(float[] floats) {
        double[] result = new double[floats.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = floats[i];
        }
        return result;
    }

    private static int[] numbers(String name, List<?> list) {
        int[] result = new int[list.size()];
        int i = 0;
        for (Object item : list) {
            if (!(item instanceof Number number)) {
                throw wrong(name, "integers");
            }
            result[i++] = number.intValue();
        }
        return result;
    }

    private static double[] fractions(String name, List<?> list) {
        double[] result = new double[list.size()];
        int i = 0;
        for (Object item : list) {
            if (!(item instanceof Number number)) {
                throw wrong(name, "numbers");
            }
            result[i++] = number.doubleValue();
        }
        return result;
    }
}
