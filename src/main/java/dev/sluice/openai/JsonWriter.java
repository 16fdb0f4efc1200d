package dev.sluice.openai;

import dev.sluice.tokenizer.TokenIds;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes JSON as bytes, piece by piece. Used by one thread.
final class JsonWriter {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int SHORTEST_ESCAPE = 0x20;
    private static final int LONGEST_CHAR = 6;
    private static final int LONGEST_LONG = 20;
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    /// Characters for which room is made at a time: few of them take as much as any may.
    private static final int STRETCH = 1 << 12;

    private static final int MAX_KEPT = 1 << 16;

    private byte[] bytes;
    private int length;

    JsonWriter(int capacity) {
        this.bytes = new byte[capacity];
    }

    /// Bytes as they are.
    JsonWriter raw(byte[] piece) {
        ensure(piece.length);
        System.arraycopy(piece, 0, bytes, length, piece.length);
        length += piece.length;
        return this;
    }

    /// Characters of ASCII as they are.
    JsonWriter raw(String ascii) {
        ensure(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            bytes[length++] = (byte) ascii.charAt(i);
        }
        return this;
    }

    JsonWriter number(long value) {
        ensure(LONGEST_LONG);
        if (value < 0) {
            bytes[length++] = '-';
        }
        return digits(value, 1);
    }

    /// The digits of a number without its sign, with zeros in front to make it `atLeast` long. Goes
    /// by negative numbers: there is one more of them. Needs room for them.
    private JsonWriter digits(long value, int atLeast) {
        long rest = value < 0 ? value : -value;
        int count = 1;
        for (long r = rest / 10; r != 0; r /= 10) {
            count++;
        }
        int end = length + Math.max(count, atLeast);
        for (int i = end - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' - rest % 10);
            rest /= 10;
        }
        length = end;
        return this;
    }

    /// A number as short as tells it from its neighbours. JSON has no infinities: what is not
    /// finite is written as -9999, which stands for less.
    JsonWriter number(float value) {
        return raw(Float.isFinite(value) ? Float.toString(value) : "-9999.0");
    }

    /// An array of ids.
    JsonWriter ids(TokenIds ids) {
        raw("[");
        for (int i = 0; i < ids.size(); i++) {
            (i == 0 ? this : raw(",")).number(ids.get(i));
        }
        return raw("]");
    }

    /// An array of the values of bytes, 0 to 255.
    JsonWriter values(byte[] array) {
        raw("[");
        for (int i = 0; i < array.length; i++) {
            (i == 0 ? this : raw(",")).number(array[i] & 0xff);
        }
        return raw("]");
    }

    /// Seconds with six decimals, from nanoseconds.
    JsonWriter seconds(long nanos) {
        long micros = nanos / 1000;
        number(micros / 1_000_000).raw(".");
        ensure(LONGEST_LONG);
        return digits(micros % 1_000_000, 6);
    }

    /// A string in quotes, as UTF-8. Half a surrogate pair becomes U+FFFD.
    JsonWriter string(String text) {
        ensure(1);
        bytes[length++] = '"';
        int i = 0;
        while (i < text.length()) {
            int end = Math.min(text.length(), i + STRETCH);
            ensure(LONGEST_CHAR * (end - i));
            for (; i < end; i++) {
                char c = text.charAt(i);
                if (Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1))) {
                    utf8(Character.toCodePoint(c, text.charAt(++i)));
                } else {
                    character(c);
                }
            }
        }
        ensure(1);
        bytes[length++] = '"';
        return this;
    }

    private void character(char c) {
        switch (c) {
            case '"' -> escape('"');
            case '\\' -> escape('\\');
            case '\n' -> escape('n');
            case '\r' -> escape('r');
            case '\t' -> escape('t');
            default -> {
                if (c < SHORTEST_ESCAPE) {
                    escape('u');
                    bytes[length++] = '0';
                    bytes[length++] = '0';
                    bytes[length++] = HEX[c >> 4];
                    bytes[length++] = HEX[c & 15];
                } else {
                    utf8(Character.isSurrogate(c) ? 0xfffd : c);
                }
            }
        }
    }

    private void escape(char c) {
        bytes[length++] = '\\';
        bytes[length++] = (byte) c;
    }

    private void utf8(int c) {
        if (c < 0x80) {
            bytes[length++] = (byte) c;
        } else if (c < 0x800) {
            bytes[length++] = (byte) (0xc0 | (c >> 6));
            continuation(c);
        } else if (c < 0x10000) {
            bytes[length++] = (byte) (0xe0 | (c >> 12));
            continuation(c >> 6);
            continuation(c);
        } else {
            bytes[length++] = (byte) (0xf0 | (c >> 18));
            continuation(c >> 12);
            continuation(c >> 6);
            continuation(c);
        }
    }

    private void continuation(int c) {
        bytes[length++] = (byte) (0x80 | (c & 0x3f));
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, capacity(bytes.length, length, more));
        }
    }

    /// Bytes of a buffer that has to grow: twice as many as far as there are so long arrays.
    ///
    /// @throws IllegalStateException if there is no array that long
    static int capacity(int now, int length, int more) {
        long needed = (long) length + more;
        if (needed > LONGEST_ARRAY) {
            throw new IllegalStateException("JSON of more than 2 GB");
        }
        return (int) Math.clamp(2L * now, needed, LONGEST_ARRAY);
    }

    /// Forgets what was written.
    JsonWriter clear() {
        length = 0;
        return this;
    }

    /// Gives all that was written and begins anew, keeping a buffer of moderate size.
    void drainTo(ByteSink sink) {
        sink.write(bytes, 0, length);
        length = 0;
        if (bytes.length > MAX_KEPT) {
            bytes = new byte[0];
        }
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }
}
