package dev.sluice.server;

import dev.sluice.openai.ByteSink;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;

/// Collects the events that go out in one write. Used on one event loop.
///
/// The bytes are kept and written again for the next events once the write before is done, which it
/// mostly is when they come: its bytes are in the socket then. A slow reader's are left to it.
final class EventBuffer implements ByteSink {
    private static final int FIRST_SIZE = 512;
    private static final int MAX_KEPT = 8192;

    /// Bytes of a piece. What is larger is written in several, so that it shows when a slow reader
    /// takes some of it.
    private static final int PIECE = 64 << 10;

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
    /// @param taken is told of each piece before the last that is in the socket
    /// @return completes when it is in the socket
    Future<Void> writeTo(WriteStream<Buffer> target, Handler<Void> taken) {
        lastWrite = target.write(lastPiece(take(), target, taken));
        return lastWrite;
    }

    /// Writes what was collected, and ends the target.
    ///
    /// @param taken as in [#writeTo]
    /// @return completes when it is in the socket
    Future<Void> endTo(WriteStream<Buffer> target, Handler<Void> taken) {
        lastWrite = target.end(lastPiece(take(), target, taken));
        return lastWrite;
    }

    /// Writes all of something but its last piece.
    ///
    /// @param taken as in [#writeTo]
    static Buffer lastPiece(Buffer all, WriteStream<Buffer> target, Handler<Void> taken) {
        int from = 0;
        for (; all.length() - from > PIECE; from += PIECE) {
            // A failure shows as a closed response.
            target.write(all.slice(from, from + PIECE)).onSuccess(taken);
        }
        return from == 0 ? all : all.slice(from, all.length());
    }

    private Buffer take() {
        Buffer all = bytes.slice(0, length);
        length = 0;
        return all;
    }
}
