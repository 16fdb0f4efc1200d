package dev.sluice.server;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.openai.AnswerProgress;
import dev.sluice.openai.ChoiceProgress;
import dev.sluice.openai.ChunkRenderer;

import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Streams choices as server-sent events, at the pace of the client.
///
/// What comes while an earlier event waits its turn on the event loop goes out in one write; what
/// comes while the client does not read is merged and goes out when it does. A client that leaves
/// too much unread, or reads nothing for too long, is cut off. Silence is filled with comments.
final class SseWriter implements Answer {
    private static final Logger LOG = LoggerFactory.getLogger(SseWriter.class);
    private static final Buffer PING = Buffer.buffer(": ping\n\n");

    private final Vertx vertx;
    private final Context context;
    private final HttpServerResponse response;
    private final ChunkRenderer renderer;
    private final AnswerProgress progress;
    private final ServerOptions options;
    private final Runnable hangUp;
    private final Consumer<Throwable> fault;
    private final EventBuffer out = new EventBuffer();
    private final boolean[] startWritten;
    private final boolean[] endWritten;
    private final boolean[] atWork;
    private boolean open;
    private boolean closed;
    private boolean complete;
    private boolean tooSlow;
    private Optional<byte[]> failure = Optional.empty();
    private boolean flushScheduled;
    private long lastWriteNanos;
    private OptionalLong pingTimer = OptionalLong.empty();
    private OptionalLong stallTimer = OptionalLong.empty();

    /// Whether the last bytes are on their way, which are watched until they are out.
    private boolean ending;

    /// Whether the client has taken some of what waits for it since the timer was set.
    private boolean taken;

    private final Handler<Void> taking = _ -> taken = true;

    /// Made once, for it is run for nearly every token.
    private final Handler<Void> flushing = _ -> flush();

    /// Call on the event loop of the connection.
    ///
    /// @param hangUp cancels, if that was not done yet, and closes the connection
    /// @param fault is told if an event can't be written
    SseWriter(
            Vertx vertx,
            HttpServerResponse response,
            ChunkRenderer renderer,
            AnswerProgress progress,
            ServerOptions options,
            Runnable hangUp,
            Consumer<Throwable> fault) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.response = response;
        this.renderer = renderer;
        this.progress = progress;
        this.options = options;
        this.hangUp = hangUp;
        this.fault = fault;
        this.startWritten = new boolean[progress.sequences().size()];
        this.endWritten = new boolean[progress.sequences().size()];
        this.atWork = new boolean[progress.sequences().size()];
    }

    @Override
    public void begin() {
        open = true;
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, EventChunks.CONTENT_TYPE + "; charset=utf-8")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                .putHeader("x-accel-buffering", "no")
                .drainHandler(_ -> flush());
        // A failure shows as a closed response.
        response.writeHead();
        lastWriteNanos = System.nanoTime();
        schedulePing(options.pingInterval().toMillis());
        scheduleFlush();
    }

    @Override
    public void accept(int index, GenerationEvent event) {
        boolean tooMuch = progress.pendingSize() > options.maxUnsentChars();
        progress.accept(index, event);
        if (tooMuch && !closed && response.writeQueueFull()) {
            tooSlow = true;
            fault.accept(
                    new ApiException.Cancelled(
                            "The answer was given up: it was read too slowly, and too much of it"
                                    + " waited."));
        } else {
            scheduleFlush();
        }
    }

    private void scheduleFlush() {
        if (open && !flushScheduled) {
            flushScheduled = true;
            context.runOnContext(flushing);
        }
    }

    private void flush() {
        flushScheduled = false;
        if (closed || complete) {
            return;
        }
        if (response.writeQueueFull()) {
            watchStall();
            return;
        }
        cancelStallTimer();
        writePending();
    }

    private void writePending() {
        List<ChoiceProgress> choices = progress.sequences();
        for (int i = 0; i < choices.size(); i++) {
            begin(choices.get(i));
        }
        for (int i = 0; i < choices.size(); i++) {
            append(choices.get(i));
        }
        if (allEndsWritten()) {
            complete = true;
            out.write(renderer.end(progress));
            end();
        } else if (!out.isEmpty()) {
            lastWriteNanos = System.nanoTime();
            // A failure shows as a closed response.
            out.writeTo(response, taking);
        }
    }

    /// All choices begin when the first output of the request has come.
    private void begin(ChoiceProgress choice) {
        int index = choice.index();
        boolean ready = choice.isStarted() || (progress.hasStarted() && !choice.waitsForPrompt());
        if (ready && !startWritten[index]) {
            startWritten[index] = true;
            if (renderer.hasStart() && isLarge(choice)) {
                writeLater(index, false, renderer.startLater(choice));
            } else if (renderer.hasStart()) {
                out.write(renderer.start(choice));
            }
        }
    }

    private void append(ChoiceProgress choice) {
        int index = choice.index();
        if (choice.hasPiece() && !atWork[index]) {
            boolean last = choice.hasEnded();
            if (isLarge(choice)) {
                writeLater(index, last, renderer.pieceLater(choice));
            } else {
                renderer.piece(choice, out);
                endWritten[index] = last;
            }
        }
    }

    private static boolean isLarge(ChoiceProgress choice) {
        return choice.nextSize() > Answer.MAX_CHARS_ON_EVENT_LOOP;
    }

    /// Writes a large event on a worker thread; what comes of its choice meanwhile waits.
    private void writeLater(int index, boolean last, Supplier<byte[]> event) {
        atWork[index] = true;
        vertx.executeBlocking(event::get, false)
                .onSuccess(bytes -> written(index, last, bytes))
                .onFailure(problem -> unwritable(index, problem));
    }

    private void written(int index, boolean last, byte[] event) {
        atWork[index] = false;
        if (!closed) {
            write(Buffer.buffer(event));
            endWritten[index] = last;
            failure.ifPresentOrElse(this::writeRest, this::scheduleFlush);
        }
    }

    private void unwritable(int index, Throwable problem) {
        atWork[index] = false;
        if (!closed) {
            failure.ifPresentOrElse(this::writeRest, () -> fault.accept(problem));
        }
    }

    private boolean isAnyAtWork() {
        return has(atWork, true);
    }

    private boolean allEndsWritten() {
        return !has(endWritten, false);
    }

    private static boolean has(boolean[] flags, boolean wanted) {
        for (boolean flag : flags) {
            if (flag == wanted) {
                return true;
            }
        }
        return false;
    }

    private void write(Buffer event) {
        lastWriteNanos = System.nanoTime();
        // A failure shows as a closed response.
        response.write(EventBuffer.lastPiece(event, response, taking));
    }

    private void schedulePing(long millis) {
        pingTimer = OptionalLong.of(vertx.setTimer(Math.max(1, millis), _ -> ping()));
    }

    private void ping() {
        long interval = options.pingInterval().toNanos();
        long silent = System.nanoTime() - lastWriteNanos;
        if (silent >= interval && !response.writeQueueFull()) {
            write(PING);
            silent = 0;
        }
        long wait = silent >= interval ? interval : interval - silent;
        schedulePing(TimeUnit.NANOSECONDS.toMillis(wait) + 1);
    }

    private void watchStall() {
        if (stallTimer.isEmpty()) {
            setStallTimer();
        }
    }

    private void setStallTimer() {
        taken = false;
        long millis = Math.max(1, options.stallTimeout().toMillis());
        stallTimer = OptionalLong.of(vertx.setTimer(millis, _ -> lookAtReader()));
    }

    private void cancelStallTimer() {
        stallTimer.ifPresent(vertx::cancelTimer);
        stallTimer = OptionalLong.empty();
    }

    /// Much may wait for a slow reader, who needs not take all of it in time.
    private void lookAtReader() {
        if (taken) {
            setStallTimer();
        } else {
            cutOff();
        }
    }

    private void cutOff() {
        LOG.debug("a client that reads nothing is cut off");
        ending = false;
        close();
        hangUp.run();
    }

    @Override
    public boolean isComplete() {
        return complete;
    }

    @Override
    public void fail(byte[] error) {
        failure = Optional.of(error);
        writeRest(error);
    }

    /// What has come goes out before the error, but to who reads too slowly, also where a worker
    /// thread still writes it.
    private void writeRest(byte[] error) {
        for (ChoiceProgress choice : progress.sequences()) {
            if (!choice.hasEnded()) {
                choice.release();
            }
            // Who did not keep up has enough to read.
            if (!tooSlow) {
                begin(choice);
                append(choice);
            }
        }
        if (isAnyAtWork()) {
            if (!out.isEmpty()) {
                out.writeTo(response, taking);
            }
            return;
        }
        out.write(ChunkRenderer.failure(error));
        end();
    }

    /// The client may have stopped reading, though there was room for all that is left.
    private void end() {
        close();
        ending = true;
        setStallTimer();
        out.endTo(response, taking).onComplete(_ -> cancelStallTimer());
    }

    @Override
    public void close() {
        closed = true;
        pingTimer.ifPresent(vertx::cancelTimer);
        if (!ending) {
            cancelStallTimer();
        }
    }
}
