package dev.sluice.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// A client that writes and reads bytes, so that it can also behave badly.
public final class RawConnection implements AutoCloseable {
    private static final int TIMEOUT_MS = 30_000;

    private final Socket socket = new Socket();
    private final InputStream in;
    private final StringBuilder received = new StringBuilder();

    /// @param receiveBuffer bytes of the socket's buffer; small ones make a slow reader
    public RawConnection(int port, int receiveBuffer) {
        try {
            socket.setReceiveBufferSize(receiveBuffer);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public RawConnection(int port) {
        this(port, 64 * 1024);
    }

    /// Sends a POST with a JSON body.
    public RawConnection post(String path, String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        String head =
                "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        .formatted(path, body.length);
        write(head.getBytes(StandardCharsets.UTF_8));
        write(body);
        return this;
    }

    /// Sends bytes.
    public void write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads until a text has come.
    public RawConnection readUntil(String text) {
        byte[] buffer = new byte[8192];
        while (received.indexOf(text) < 0) {
            int length = read(buffer);
            if (length < 0) {
                throw new AssertionError("closed before " + text + ", after " + received);
            }
            received.append(new String(buffer, 0, length, StandardCharsets.UTF_8));
        }
        return this;
    }

    /// Reads and drops bytes until the connection is closed.
    ///
    /// @return how many bytes came
    public long drain() {
        byte[] buffer = new byte[8192];
        long total = 0;
        for (int length = read(buffer); length >= 0; length = read(buffer)) {
            total += length;
        }
        return total;
    }

    private int read(byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            if (e.getMessage() != null && e.getMessage().contains("reset")) {
                return -1;
            }
            throw new UncheckedIOException(e);
        }
    }

    /// What was read so far.
    public String received() {
        return received.toString();
    }

    /// Leaves in order.
    public void leave() {
        close();
    }

    /// Leaves at once, without a word.
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
