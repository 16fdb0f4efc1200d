package dev.sluice.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Optional;

/// A connection of a client, which is closed when nothing is asked on it for a time. Lives on its
/// event loop.
///
/// A request that runs keeps it open, however long that is silent; the bytes of one that is on its
/// way do not, until its head is whole.
///
/// Vert.x closes a connection once all bytes are out, which is never where nobody takes them, and
/// resets no stream that was ended; both are done on Netty's channel.
final class ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    /// What Vert.x names its own watch over silence.
    private static final String FIRST_WATCH = "idle";

    private final Vertx vertx;
    private final HttpConnection connection;
    private final Duration patience;
    private long timer;
    private long idleSinceNanos = System.nanoTime();
    private int running;
    private boolean closing;

    /// @param patience how long nothing may be asked
    ClientConnection(Vertx vertx, HttpConnection connection, Duration patience) {
        this.vertx = vertx;
        this.connection = connection;
        this.patience = patience;
        channel(connection).map(Channel::pipeline).ifPresent(ClientConnection::relieveFirstWatch);
        watch(patience.toNanos());
    }

    /// It saw to it that a first request comes, and knows nothing of requests that run.
    private static void relieveFirstWatch(ChannelPipeline pipeline) {
        if (pipeline.get(FIRST_WATCH) != null) {
            pipeline.remove(FIRST_WATCH);
        }
    }

    /// A request has come.
    void begin() {
        running++;
    }

    /// Its response was ended, or can't be.
    void end() {
        running--;
        idleSinceNanos = System.nanoTime();
    }

    /// The connection is closed.
    void forget() {
        vertx.cancelTimer(timer);
    }

    private void watch(long nanos) {
        timer = vertx.setTimer(nanos / 1_000_000 + 1, _ -> look());
    }

    private void look() {
        long left = patience.toNanos() - (System.nanoTime() - idleSinceNanos);
        if (isBusy()) {
            watch(patience.toNanos());
        } else if (left > 0) {
            watch(left);
        } else if (closing) {
            cut(connection);
        } else {
            LOG.debug("a connection on which nothing is asked is closed");
            closing = true;
            watch(patience.toNanos());
            // Nothing is left to do once it is closed; if that takes too long, it is cut.
            connection.close();
        }
    }

    /// A stream of HTTP/2 may wait for its client when its response was ended long ago.
    private boolean isBusy() {
        return running > 0
                || http2(connection).filter(handler -> answers(handler.connection())).isPresent();
    }

    /// Whether bytes of a stream have still to go out; what may yet come in is of no use then.
    private static boolean answers(Http2Connection connection) {
        try {
            return connection.forEachActiveStream(stream -> !stream.state().localSideOpen())
                    != null;
        } catch (Http2Exception e) {
            throw new IllegalStateException("The visitor throws nothing.", e);
        }
    }

    /// Leaves a client that does not take its answer. Of HTTP/2 only the stream goes, unless that
    /// can't be said to the client within a time either.
    static void hangUp(Vertx vertx, HttpServerRequest request, Duration patience) {
        HttpConnection connection = request.connection();
        Optional<Http2ConnectionHandler> handler = http2(connection);
        Optional<Channel> channel = channel(connection);
        if (request.version() != HttpVersion.HTTP_2 || handler.isEmpty() || channel.isEmpty()) {
            cut(connection);
            return;
        }
        int stream = (int) request.response().streamId();
        if (handler.get().connection().stream(stream) == null) {
            return;
        }
        long timer = vertx.setTimer(Math.max(1, patience.toMillis()), _ -> cut(connection));
        ChannelHandlerContext context = channel.get().pipeline().context(handler.get());
        handler.get()
                .resetStream(context, stream, Http2Error.CANCEL.code(), context.newPromise())
                .addListener(_ -> vertx.cancelTimer(timer));
        context.flush();
    }

    /// Closes a connection at once; what was not sent is dropped.
    static void cut(HttpConnection connection) {
        channel(connection).ifPresentOrElse(ClientConnection::cut, connection::close);
    }

    private static void cut(Channel channel) {
        try {
            // The kernel, too, forgets what the client has not taken.
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        } catch (ChannelException e) {
            LOG.debug("the client was faster", e);
        }
        // Past all handlers, some of which would wait. Nothing is left to do once it is closed.
        var _ = channel.pipeline().firstContext().close();
    }

    private static Optional<Http2ConnectionHandler> http2(HttpConnection connection) {
        return channel(connection)
                .map(channel -> channel.pipeline().get(Http2ConnectionHandler.class));
    }

    /// Vert.x has no public way to it.
    private static Optional<Channel> channel(HttpConnection connection) {
        return connection instanceof ConnectionBase base
                ? Optional.of(base.channel())
                : Optional.empty();
    }
}
