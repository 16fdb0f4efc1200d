package dev.sluice.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads the fields of a Protocol Buffers message one by one. Whatever the bytes are, it ends, and
/// never reads outside of them.
///
/// @see "https://protobuf.dev/programming-guides/encoding"
final class ProtobufReader {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteBuffer in;
    private int type;

    ProtobufReader(byte[] message) {
        this(ByteBuffer.wrap(message));
    }

    private ProtobufReader(ByteBuffer in) {
        this.in = in.order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Whether another field follows.
    boolean hasNext() {
        return in.hasRemaining();
    }

    /// Number of the next field; its value is to be read or skipped then.
    int nextField() {
        long key = varint();
        type = (int) key & 7;
        return (int) (key >>> 3);
    }

    /// Value of an integer, boolean or enumeration field.
    long integer() {
        expect(VARINT);
        return varint();
    }

    /// Value of a single precision field.
    float single() {
        expect(FIXED32);
        require(Float.BYTES);
        return in.getFloat();
    }

    /// Value of a text field.
    String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /// Value of a bytes field.
    byte[] bytes() {
        ByteBuffer value = slice();
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        return bytes;
    }

    /// Value of a message field.
    ProtobufReader message() {
        return new ProtobufReader(slice());
    }

    /// Passes over a value of any type.
    void skip() {
        switch (type) {
            case VARINT -> varint();
            case FIXED64 -> move(Long.BYTES);
            case BYTES -> slice();
            case FIXED32 -> move(Integer.BYTES);
            default -> throw damaged();
        }
    }

    private ByteBuffer slice() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > in.remaining()) {
            throw damaged();
        }
        ByteBuffer slice = in.slice(in.position(), (int) length);
        move((int) length);
        return slice;
    }

    private void move(int length) {
        require(length);
        in.position(in.position() + length);
    }

    private void expect(int wanted) {
        if (type != wanted) {
            throw damaged();
        }
    }

    private void require(int length) {
        if (in.remaining() < length) {
            throw damaged();
        }
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            require(1);
            byte next = in.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw damaged();
    }

    private static TokenizerException damaged() {
        return new TokenizerException("The SentencePiece model is damaged.");
    }
}
