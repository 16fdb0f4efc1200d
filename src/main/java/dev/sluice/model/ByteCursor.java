package dev.sluice.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads little-endian values of a mapped file, one after the other. Every read is checked against
/// the end of the file and throws [ModelFileException] past it.
final class ByteCursor {
    static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MappedFile file;
    private long position;
    private byte[] text = new byte[256];

    ByteCursor(MappedFile file) {
        this.file = file;
    }

    /// Offset of the next byte.
    long position() {
        return position;
    }

    /// Bytes up to the end of the file.
    long remaining() {
        return file.size() - position;
    }

    byte readByte(String what) {
        return file.bytes().get(ValueLayout.JAVA_BYTE, skip(1, what));
    }

    short readShort(String what) {
        return file.bytes().get(SHORT, skip(2, what));
    }

    int readInt(String what) {
        return file.bytes().get(INT, skip(4, what));
    }

    long readLong(String what) {
        return file.bytes().get(LONG, skip(8, what));
    }

    float readFloat(String what) {
        return file.bytes().get(FLOAT, skip(4, what));
    }

    double readDouble(String what) {
        return file.bytes().get(DOUBLE, skip(8, what));
    }

    /// A string of UTF-8 with its length, a uint64, in front.
    String readString(String what) {
        long length = readLong("the length of " + what);
        int bytes = (int) Math.min(Integer.MAX_VALUE, checked(length, 1, what));
        if (bytes != length) {
            throw file.damaged(what + " is " + length + " bytes long");
        }
        long start = skip(bytes, what);
        if (bytes > text.length) {
            text = new byte[Math.max(bytes, 2 * text.length)];
        }
        MemorySegment.copy(file.bytes(), ValueLayout.JAVA_BYTE, start, text, 0, bytes);
        return new String(text, 0, bytes, StandardCharsets.UTF_8);
    }

    /// A uint64 that counts things of at least `bytesEach` bytes which follow, so that it can't be
    /// more than what is left of the file: what is allocated for them is bounded by the file.
    ///
    /// @throws ModelFileException if it is more than that, or more than an array holds
    int readCount(int bytesEach, String what) {
        long count = checked(readLong("the number of " + what), bytesEach, what);
        if (count > Integer.MAX_VALUE - 8) {
            throw file.damaged(count + " " + what);
        }
        return (int) count;
    }

    /// Passes `length` bytes by.
    ///
    /// @return where they begin
    long skip(long length, String what) {
        long start = position;
        file.slice(start, length, what);
        position += length;
        return start;
    }

    private long checked(long count, int bytesEach, String what) {
        if (count < 0 || count > remaining() / bytesEach) {
            throw file.damaged(
                    "it announces %s %s with %d bytes left"
                            .formatted(Long.toUnsignedString(count), what, remaining()));
        }
        return count;
    }
}
