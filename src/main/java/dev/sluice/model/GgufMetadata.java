package dev.sluice.model;

import java.util.LinkedHashMap;
import java.util.Map;

/// Reads the key-value pairs of a GGUF file. [GgufFile#metadata()] says what they become.
///
/// @see "docs/gguf.md of ggml-org/ggml"
final class GgufMetadata {
    /// Bytes of the smallest pair: length of the key, type, one byte of value.
    static final int SMALLEST_PAIR = 8 + 4 + 1;

    private static final int UINT8 = 0;
    private static final int INT8 = 1;
    private static final int UINT16 = 2;
    private static final int INT16 = 3;
    static final int UINT32 = 4;
    static final int INT32 = 5;
    static final int FLOAT32 = 6;
    static final int BOOL = 7;
    static final int STRING = 8;
    static final int ARRAY = 9;
    private static final int UINT64 = 10;
    private static final int INT64 = 11;
    private static final int FLOAT64 = 12;

    private final MappedFile file;
    private final ByteCursor in;

    GgufMetadata(MappedFile file, ByteCursor in) {
        this.file = file;
        this.in = in;
    }

    /// Reads `count` pairs, in the order of the file.
    Map<String, Object> read(int count) {
        Map<String, Object> pairs = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String key = in.readString("a metadata key");
            int type = in.readInt("the type of " + key);
            if (pairs.put(key, value(type, key)) != null) {
                throw file.damaged("it has the metadata key " + key + " twice");
            }
        }
        return pairs;
    }

    private Object value(int type, String key) {
        return switch (type) {
            case UINT8 -> (long) Byte.toUnsignedInt(in.readByte(key));
            case INT8 -> (long) in.readByte(key);
            case UINT16 -> (long) Short.toUnsignedInt(in.readShort(key));
            case INT16 -> (long) in.readShort(key);
            case UINT32 -> Integer.toUnsignedLong(in.readInt(key));
            case INT32 -> (long) in.readInt(key);
            case UINT64, INT64 -> in.readLong(key);
            case FLOAT32 -> (double) in.readFloat(key);
            case FLOAT64 -> in.readDouble(key);
            case BOOL -> in.readByte(key) != 0;
            case STRING -> in.readString(key);
            case ARRAY -> array(in.readInt("the element type of " + key), key);
            default -> throw unknown(type, key);
        };
    }

    private Object array(int type, String key) {
        String what = "elements of " + key;
        return switch (type) {
            case UINT8, INT8 -> bytes(type, what);
            case BOOL -> flags(what);
            case UINT16, INT16 -> shorts(type, what);
            case UINT32, INT32 -> {
                int[] values = new int[in.readCount(4, what)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readInt(what);
                }
                yield values;
            }
            case UINT64, INT64 -> {
                long[] values = new long[in.readCount(8, what)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readLong(what);
                }
                yield values;
            }
            case FLOAT32 -> {
                float[] values = new float[in.readCount(4, what)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readFloat(what);
                }
                yield values;
            }
            case FLOAT64 -> {
                double[] values = new double[in.readCount(8, what)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readDouble(what);
                }
                yield values;
            }
            case STRING -> {
                String[] values = new String[in.readCount(8, what)];
                for (int i = 0; i < values.length; i++) {
                    values[i] = in.readString(what);
                }
                yield values;
            }
            default -> throw unknown(type, what);
        };
    }

    private int[] bytes(int type, String what) {
        int[] values = new int[in.readCount(1, what)];
        for (int i = 0; i < values.length; i++) {
            byte value = in.readByte(what);
            values[i] = type == UINT8 ? Byte.toUnsignedInt(value) : value;
        }
        return values;
    }

    private boolean[] flags(String what) {
        boolean[] flags = new boolean[in.readCount(1, what)];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = in.readByte(what) != 0;
        }
        return flags;
    }

    private int[] shorts(int type, String what) {
        int[] values = new int[in.readCount(2, what)];
        for (int i = 0; i < values.length; i++) {
            short value = in.readShort(what);
            values[i] = type == UINT16 ? Short.toUnsignedInt(value) : value;
        }
        return values;
    }

    private ModelFileException unknown(int type, String what) {
        return file.damaged(
                what
                        + " has a type that Sluice does not read ("
                        + Integer.toUnsignedLong(type)
                        + ")");
    }
}
