package dev.sluice.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads little-endian values of a mapped file, one after the other. Every read is checked against
/// the end of the file and throws [ModelFileException] past it.
///
/// Reads through a window in heap memory: metadata holds hundreds of thousands of small values, and
/// reading each from the mapping takes a second before the compiler has come to it.
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

    private static final int WINDOW = 1 << 16;

    private final MappedFile file;
    private final long longest;
    private final byte[] bytes = new byte[WINDOW];
    private final ByteBuffer window = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    private long windowStart;
    private int windowLength;
    private long position;

    /// @param longest bytes at the start of the file that may be read: what is read takes several
    ///   times its length in memory, so a file of gigabytes could exhaust it
    ByteCursor(MappedFile file, long longest) {
        this.file = file;
        this.longest = longest;
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
        return window.get(take(1, what));
    }

    short readShort(String what) {
        return window.getShort(take(2, what));
    }

    int readInt(String what) {
        return window.getInt(take(4, what));
    }

    long readLong(String what) {
        return window.getLong(take(8, what));
    }

    float readFloat(String what) {
        return window.getFloat(take(4, what));
    }

    double readDouble(String what) {
        return window.getDouble(take(8, what));
    }

    /// A string of UTF-8 with its length, a uint64, in front.
    String readString(String what) {
        int length = readCount(1, what);
        if (length <= WINDOW) {
            return new String(bytes, take(length, what), length, StandardCharsets.UTF_8);
        }
        byte[] text = file.slice(skip(length, what), length, what).toArray(ValueLayout.JAVA_BYTE);
        return new String(text, StandardCharsets.UTF_8);
    }

    /// Passes up to a window's length of bytes by.
    ///
    /// @return where in the window they begin
    private int take(int length, String what) {
        if (length > Math.min(remaining(), longest - position)) {
            skip(length, what);
        }
        if (position + length > windowStart + windowLength) {
            windowStart = position;
            windowLength = (int) Math.min(WINDOW, remaining());
            MemorySegment.copy(
                    file.bytes(), ValueLayout.JAVA_BYTE, position, bytes, 0, windowLength);
        }
        int start = (int) (position - windowStart);
        position += length;
        return start;
    }

    /// A uint64 that counts things of at least `bytesEach` bytes which follow, so that it can't be
    /// more than what may be read yet: what is allocated for them is bounded by that.
    ///
    /// @throws ModelFileException if it is more than that, or more than an array holds
    int readCount(int bytesEach, String what) {
        long count = checked(readLong(what), bytesEach, what);
        requireShort(count * bytesEach);
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
        requireShort(length);
        position += length;
        return start;
    }

    private void requireShort(long more) {
        if (more > longest - position) {
            throw new ModelFileException(
                    "%s has a header of more than %d bytes, which is more than Sluice reads"
                            .formatted(file.path(), longest));
        }
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
