package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

class EventChunksTest {
    private static final Charset ISO = StandardCharsets.ISO_8859_1;
    private static final String EVENTS = "text/event-stream; charset=utf-8";

    private final EmbeddedChannel plain = new EmbeddedChannel(new HttpResponseEncoder());
    private final EmbeddedChannel channel = new EmbeddedChannel(new HttpResponseEncoder());

    EventChunksTest() {
        EventChunks.install(channel.pipeline());
    }

    @AfterEach
    void release() {
        plain.finishAndReleaseAll();
        channel.finishAndReleaseAll();
    }

    private static HttpResponse head(HttpVersion version, String type) {
        HttpResponse head = new DefaultHttpResponse(version, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        HttpUtil.setTransferEncodingChunked(head, version.equals(HttpVersion.HTTP_1_1));
        return head;
    }

    private static ByteBuf text(int length) {
        return Unpooled.copiedBuffer("\u00e9".repeat(length), ISO);
    }

    /// How many messages came out, after their bytes.
    private static String sent(EmbeddedChannel channel) {
        StringBuilder bytes = new StringBuilder();
        int messages = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            bytes.append(out.toString(ISO));
            messages++;
            out.release();
        }
        return bytes + " in " + messages;
    }

    private static String bytes(String sent) {
        return sent.substring(0, sent.lastIndexOf(" in "));
    }

    private String sentBoth(ByteBuf chunk) {
        plain.writeOutbound(new DefaultHttpContent(chunk.copy()));
        channel.writeOutbound(new DefaultHttpContent(chunk));
        String sent = sent(channel);
        assertThat(bytes(sent)).isEqualTo(bytes(sent(plain)));
        return sent;
    }

    private void begin(HttpResponse head) {
        plain.writeOutbound(head);
        channel.writeOutbound(head);
        assertThat(sent(channel)).isEqualTo(sent(plain));
    }

    private void end() {
        plain.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        channel.writeOutbound(LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(sent(channel)).isEqualTo(sent(plain));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 15, 16, 17, 255, 256, 4095, 4096, 70_000, 1 << 20})
    void aChunkIsOneMessageWithTheBytesThatNettyWouldSend(int length) {
        begin(head(HttpVersion.HTTP_1_1, EVENTS));

        assertThat(sentBoth(text(length))).endsWith(" in 1");

        end();
    }

    @Test
    void aChunkMayLieAnywhere() {
        begin(head(HttpVersion.HTTP_1_1, EVENTS));
        UnaryOperator<ByteBuf> inTheMiddle =
                in -> Unpooled.wrappedBuffer(text(5), in, text(7)).slice(5, in.readableBytes());

        assertThat(sentBoth(Unpooled.directBuffer().writeBytes(text(20)))).endsWith(" in 1");
        assertThat(sentBoth(text(30).slice(3, 20))).endsWith(" in 1");
        assertThat(sentBoth(inTheMiddle.apply(text(20)))).endsWith(" in 1");
        assertThat(sentBoth(text(20).asReadOnly())).endsWith(" in 1");
        assertThat(sentBoth(text(30).skipBytes(10))).endsWith(" in 1");
    }

    @Test
    void anEmptyChunkEndsNothing() {
        begin(head(HttpVersion.HTTP_1_1, EVENTS));

        assertThat(bytes(sentBoth(Unpooled.EMPTY_BUFFER))).isEmpty();

        assertThat(sentBoth(text(3))).startsWith("3\r\n");
        end();
    }

    @Test
    void whatWasWrittenIsReleasedAndToldOf() {
        begin(head(HttpVersion.HTTP_1_1, EVENTS));
        ByteBuf chunk = text(10);

        assertThat(channel.writeAndFlush(new DefaultHttpContent(chunk)).isSuccess()).isTrue();

        assertThat(chunk.refCnt()).isZero();
    }

    @Test
    void theLastChunkComesWithTheEnd() {
        begin(head(HttpVersion.HTTP_1_1, EVENTS));
        sentBoth(text(3));

        channel.writeOutbound(new DefaultLastHttpContent(text(4)));

        assertThat(bytes(sent(channel))).startsWith("4\r\n").endsWith("\r\n0\r\n\r\n");
    }

    @Test
    void streamsThatAreNoneOfEventsAreLeftToNetty() {
        begin(head(HttpVersion.HTTP_1_1, "application/json"));

        assertThat(sentBoth(text(10))).endsWith(" in 3");
    }

    @Test
    void streamsToOldClientsHaveNoChunks() {
        begin(head(HttpVersion.HTTP_1_0, EVENTS));

        assertThat(sentBoth(text(10))).isEqualTo(text(10).toString(ISO) + " in 1");
    }

    @Test
    void aConnectionServesOneAfterTheOther() {
        for (String type : new String[] {EVENTS, "application/json", EVENTS}) {
            begin(head(HttpVersion.HTTP_1_1, type));
            sentBoth(text(10));
            sentBoth(text(20));
            end();
        }
    }

    @Test
    void aPipelineWithoutAnEncoderStaysAsItIs() {
        EmbeddedChannel other = new EmbeddedChannel();

        EventChunks.install(other.pipeline());

        assertThat(other.pipeline().get(EventChunks.class)).isNull();
        other.finishAndReleaseAll();
    }
}
