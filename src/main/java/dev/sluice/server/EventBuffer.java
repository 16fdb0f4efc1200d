package dev.sluice.server;

import dev.sluice.openai.ByteSink;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;

/// Collects the events that go out in one write. Used on one event loop.
///
/// The bytes are kept and written again for the next events once the write before is done, which it
/// mostly is when they come: its bytes are in the socket then. A slow reader's are left to it.
final class EventBuffer implements ByteSink {
    private static final int FIRST_SIZE = 512;
    private static final int MAX_KEPT = 8192;

    private Buffer bytes = Buffer.buffer(FIRST_SIZE);
    private Future<Void> lastWrite = Future.succeededFuture();
    private int length;

    @Override
    public void write(byte[] source, int offset, int count) {
        if (length == 0 && !isFree()) {
            // One write is much like the one before.
            bytes = Buffer.buffer(Math.min(bytes.length(), MAX_KEPT));
        }
        bytes.setBytes(length, source, offset, count);
        length += count;
    }

    /// Whether nothing reads the bytes any more, and they are worth keeping.
    private boolean isFree() {
        return lastWrite.isComplete() && bytes.length() <= MAX_KEPT;
    }

    void write(byte[] source) {
        write(source, 0, source.length);
    }

    /// Whether there is nothing to write.
    boolean isEmpty() {
        return length == 0;
    }

    /// Writes what was collected and begins anew.
    ///
    /// @return completes when it is in the socket
    Future<Void> writeTo(WriteStream<Buffer> target) {
        lastWrite = target.write(take());
        return lastWrite;
    }

    /// Writes what was collected, and ends the target.
    ///
    /// @return completes when it is in the socket
    Future<Void> endTo(WriteStream<Buffer> target) {
        lastWrite = target.end(take());
        return lastWrite;
    }

    private Buffer take() {
        Buffer all = bytes.slice(0, length);
        length = 0;
        return all;
    }
}
