package dev.sluice.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// The metadata of a GGUF file that is trusted, for tests that need no more of it.
public final class GgufMetadataReader {
    private static final int MAGIC = 0x46554747;

    private final ByteBuffer in;

    private GgufMetadataReader(ByteBuffer in) {
        this.in = in;
    }

    /// The pairs by key; integers are `Long`, fractions `Double`, arrays primitive or of `String`.
    public static Map<String, Object> read(Path file) {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer in = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            return new GgufMetadataReader(in.order(ByteOrder.LITTLE_ENDIAN)).pairs();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, Object> pairs() {
        if (in.getInt() != MAGIC) {
            throw new IllegalArgumentException("not GGUF");
        }
        in.getInt();
        in.getLong();
        long count = in.getLong();
        Map<String, Object> pairs = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = text();
            pairs.put(key, value(in.getInt()));
        }
        return pairs;
    }

    private Object value(int type) {
        return switch (type) {
            case 0, 1 -> (long) in.get();
            case 2, 3 -> (long) in.getShort();
            case 4, 5 -> (long) in.getInt();
            case 6 -> (double) in.getFloat();
            case 7 -> in.get() != 0;
            case 8 -> text();
            case 9 -> array(in.getInt(), (int) in.getLong());
            case 10, 11 -> in.getLong();
            case 12 -> in.getDouble();
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    private Object array(int type, int length) {
        if (type == 8) {
            String[] texts = new String[length];
            for (int i = 0; i < length; i++) {
                texts[i] = text();
            }
            return texts;
        }
        if (type == 6) {
            float[] floats = new float[length];
            in.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
            in.position(in.position() + 4 * length);
            return floats;
        }
        long[] numbers = new long[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = value(type) instanceof Number number ? number.longValue() : 0;
        }
        return numbers;
    }

    private String text() {
        byte[] bytes = new byte[(int) in.getLong()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
