package dev.sluice.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

import java.nio.charset.StandardCharsets;

/// Writes each chunk of a stream of events as one buffer, on HTTP/1.1.
///
/// Netty's encoder makes three messages of a chunk (its size, its bytes, the end of the line), each
/// with a promise and views of its own, and a gathering write for them: half of what a token costs
/// on the heap of the event loop. So chunks of such responses go past it. It still writes their
/// heads and ends, so that it knows at any time where it is, and all other responses.
///
/// Vert.x has no public way to a connection's pipeline; where the pipeline is not as expected,
/// nothing is changed.
final class EventChunks extends ChannelOutboundHandlerAdapter {
    /// What such responses are, by their heads.
    static final String CONTENT_TYPE = "text/event-stream";

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int BITS_OF_DIGIT = 4;
    private static final int CRLF = ('\r' << 8) | '\n';

    /// Most digits of a size and two ends of lines.
    private static final int FRAME = 12;

    private final ChannelHandlerContext encoder;
    private boolean inStream;

    private EventChunks(ChannelHandlerContext encoder) {
        this.encoder = encoder;
    }

    /// Puts it before the encoder of a connection, if that speaks HTTP/1. Call on its event loop.
    static void install(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            install(base.channel().pipeline());
        }
    }

    static void install(ChannelPipeline pipeline) {
        ChannelHandlerContext encoder = pipeline.context(HttpResponseEncoder.class);
        if (encoder != null) {
            pipeline.addAfter(encoder.name(), "eventChunks", new EventChunks(encoder));
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse head) {
            inStream = isStream(head);
        }
        // The promise is what is returned.
        ChannelFuture _ =
                inStream && message instanceof HttpContent chunk && isInMiddle(chunk)
                        ? encoder.write(framed(encoder.alloc(), chunk), promise)
                        : ctx.write(message, promise);
    }

    private static boolean isStream(HttpResponse head) {
        String type = head.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
        return !(head instanceof HttpContent)
                && type.startsWith(CONTENT_TYPE)
                && HttpUtil.isTransferEncodingChunked(head);
    }

    /// An empty chunk would be the end.
    private static boolean isInMiddle(HttpContent chunk) {
        return !(chunk instanceof LastHttpContent) && chunk.content().isReadable();
    }

    /// Takes a chunk and gives its bytes within the frame that RFC 9112, section 7.1, asks for.
    private static ByteBuf framed(ByteBufAllocator allocator, HttpContent chunk) {
        try {
            ByteBuf bytes = chunk.content();
            int length = bytes.readableBytes();
            ByteBuf out = allocator.ioBuffer(length + FRAME);
            int highest = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(length);
            for (int digit = highest / BITS_OF_DIGIT; digit >= 0; digit--) {
                out.writeByte(HEX[(length >> (digit * BITS_OF_DIGIT)) & 15]);
            }
            out.writeShort(CRLF);
            if (bytes.hasArray()) {
                // Saves two views.
                out.writeBytes(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), length);
            } else {
                out.writeBytes(bytes);
            }
            return out.writeShort(CRLF);
        } finally {
            chunk.release();
        }
    }
}
