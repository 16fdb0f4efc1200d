package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.WriteStream;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

class EventBufferTest {
    private final EventBuffer events = new EventBuffer();
    private final Target target = new Target();

    /// Keeps what it gets until it is told that it was read.
    private static final class Target implements WriteStream<Buffer> {
        private final List<Buffer> written = new ArrayList<>();
        private Promise<Void> last = Promise.promise();
        private boolean ended;

        @Override
        public Future<Void> write(Buffer data) {
            written.add(data);
            last = Promise.promise();
            return last.future();
        }

        @Override
        public Future<Void> end() {
            ended = true;
            return Future.succeededFuture();
        }

        @Override
        public WriteStream<Buffer> exceptionHandler(Handler<Throwable> handler) {
            return this;
        }

        @Override
        public WriteStream<Buffer> setWriteQueueMaxSize(int maxSize) {
            return this;
        }

        @Override
        public boolean writeQueueFull() {
            return false;
        }

        @Override
        public WriteStream<Buffer> drainHandler(Handler<Void> handler) {
            return this;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void write(String text) {
        events.write(ascii(text));
        events.writeTo(target, _ -> {});
    }

    @Test
    void collectsWhatGoesOutTogether() {
        events.write(ascii("one "));
        events.write(ascii("[two ]"), 1, 4);
        events.write(ascii("three"));
        assertThat(events.isEmpty()).isFalse();

        events.writeTo(target, _ -> {});

        assertThat(target.written).extracting(Buffer::toString).containsExactly("one two three");
        assertThat(events.isEmpty()).isTrue();
    }

    @Test
    void whatIsNotOutYetIsNeverOverwritten() {
        write("first");
        write("second");
        write("third");

        assertThat(target.written)
                .extracting(Buffer::toString)
                .containsExactly("first", "second", "third");
    }

    @Test
    void bytesThatAreOutAreWrittenAgain() {
        write("first, which is long");
        target.last.complete();
        write("second");

        assertThat(target.written.getLast()).hasToString("second");
        assertThat(target.written.getFirst()).hasToString("second which is long");
    }

    @Test
    void aWriteThatFailedKeepsNothing() {
        write("first");
        target.last.fail("gone");
        write("again");

        assertThat(target.written.getFirst()).hasToString("again");
    }

    @Test
    void aLargeWriteLeavesNoLargeBuffer() {
        write("x".repeat(50_000));
        target.last.complete();
        write("small");
        target.last.complete();
        write("later");

        assertThat(target.written.getFirst().toString()).isEqualTo("x".repeat(50_000));
        assertThat(target.written.get(1)).hasToString("later");
    }

    @Test
    void muchIsWrittenInPieces() {
        events.write(ascii("x".repeat(150_000)));

        events.endTo(target, _ -> {});
        target.last.complete();

        assertThat(target.written)
                .extracting(Buffer::length)
                .containsExactly(65_536, 65_536, 18_928);
        assertThat(target.ended).isTrue();
    }

    @Test
    void theEndMayComeWithBytes() {
        write("first");
        events.write(ascii("last"));

        events.endTo(target, _ -> {});
        target.last.complete();

        assertThat(target.written).extracting(Buffer::toString).containsExactly("first", "last");
        assertThat(target.ended).isTrue();
    }
}
