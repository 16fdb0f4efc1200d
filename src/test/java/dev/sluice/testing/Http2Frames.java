package dev.sluice.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Frames of HTTP/2 by hand (RFC 9113), for clients that behave badly.
public final class Http2Frames {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int CANCEL = 8;
    private static final int INITIAL_WINDOW_SIZE = 4;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /// What a client begins with.
    ///
    /// @param window bytes of each stream that it takes
    public Http2Frames preface(int window) {
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] setting =
                ByteBuffer.allocate(6).putShort((short) INITIAL_WINDOW_SIZE).putInt(window).array();
        return frame(SETTINGS, 0, 0, setting);
    }

    /// A `GET` that is whole.
    public Http2Frames get(int stream, String path) {
        return frame(HEADERS, END_STREAM | END_HEADERS, stream, head(0x82, path));
    }

    /// A `POST` of JSON that is whole.
    public Http2Frames post(int stream, String path, String json) {
        frame(HEADERS, END_HEADERS, stream, head(0x83, path));
        return frame(DATA, END_STREAM, stream, json.getBytes(StandardCharsets.UTF_8));
    }

    /// Gives a stream up.
    public Http2Frames reset(int stream) {
        byte[] code = ByteBuffer.allocate(Integer.BYTES).putInt(CANCEL).array();
        return frame(RST_STREAM, 0, stream, code);
    }

    /// Asks for an echo.
    public Http2Frames ping(String eightCharacters) {
        return frame(PING, 0, 0, eightCharacters.getBytes(StandardCharsets.US_ASCII));
    }

    /// How a server's frame begins that gives a stream up.
    public static String resetOf(int stream) {
        byte[] head = {0, 0, Integer.BYTES, RST_STREAM, 0, 0, 0, 0, (byte) stream};
        return new String(head, StandardCharsets.UTF_8);
    }

    /// Takes what was made.
    public byte[] take() {
        byte[] all = out.toByteArray();
        out.reset();
        return all;
    }

    /// Method and scheme by their places in HPACK's table, authority and path as text.
    private static byte[] head(int method, String path) {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        head.write(method);
        head.write(0x86);
        literal(head, 0x01, "x");
        literal(head, 0x04, path);
        return head.toByteArray();
    }

    private static void literal(ByteArrayOutputStream head, int name, String value) {
        head.write(name);
        head.write(value.length());
        head.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    private Http2Frames frame(int type, int flags, int stream, byte[] payload) {
        ByteBuffer head = ByteBuffer.allocate(9);
        head.put((byte) 0).putShort((short) payload.length).put((byte) type).put((byte) flags);
        out.writeBytes(head.putInt(stream).array());
        out.writeBytes(payload);
        return this;
    }
}
