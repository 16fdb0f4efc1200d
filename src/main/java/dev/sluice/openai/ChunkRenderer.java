package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Writes the events of a stream.
///
/// All that stays the same is bytes already; a chunk of a request without further wishes costs its
/// text only.
public final class ChunkRenderer {
    private static final int ENVELOPE = 512;
    private static final byte[] DONE = AnswerHead.ascii("data: [DONE]\n\n");
    private static final byte[] END_OF_EVENT = AnswerHead.ascii("}\n\n");

    private final AnswerOptions answer;
    private final ChunkForm form;
    private final byte[] eventStart;
    private final JsonWriter pieces = new JsonWriter(ENVELOPE);

    public ChunkRenderer(PreparedRequest request) {
        this.answer = request.answer();
        this.form =
                switch (request.kind()) {
                    case CHAT -> new ChatChunks(request);
                    case COMPLETION -> new CompletionChunks(request);
                };
        JsonWriter start = new JsonWriter(ENVELOPE).raw("data: ");
        AnswerHead.write(start, request, form.object());
        this.eventStart = start.toBytes();
    }

    /// Whether a choice begins with an event of its own, before its first text.
    public boolean hasStart() {
        return form.hasStart();
    }

    /// That event.
    public byte[] start(ChoiceProgress choice) {
        return startLater(choice).get();
    }

    /// Takes what that event tells.
    ///
    /// @return writes the event, on any thread
    public Supplier<byte[]> startLater(ChoiceProgress choice) {
        Optional<List<TokenLogprobs>> promptLogprobs = choice.takePromptLogprobs();
        return () -> {
            JsonWriter out = new JsonWriter(ENVELOPE).raw(eventStart);
            form.start(out, choice, promptLogprobs);
            out.raw("]");
            if (answer.continuousUsage()) {
                usage(out, choice.initialUsage());
            }
            return out.raw(END_OF_EVENT).toBytes();
        };
    }

    /// Writes an event with what has come of a choice, which it takes. Takes time in proportion to
    /// its size. One thread at a time.
    public void piece(ChoiceProgress choice, ByteSink sink) {
        event(pieces.clear(), choice, choice.take()).drainTo(sink);
    }

    /// Takes what has come of a choice.
    ///
    /// @return writes an event with it, on any thread
    public Supplier<byte[]> pieceLater(ChoiceProgress choice) {
        int capacity = ENVELOPE + choice.pendingSize();
        ChoicePiece piece = choice.take();
        return () -> event(new JsonWriter(capacity), choice, piece).toBytes();
    }

    private JsonWriter event(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw(eventStart);
        form.piece(out, choice, piece);
        out.raw("]");
        if (piece.usage().isPresent()) {
            usage(out, piece.usage().get());
        }
        if (answer.collectMetrics()) {
            metrics(out, choice, piece);
        }
        return out.raw(END_OF_EVENT);
    }

    private static void usage(JsonWriter out, Usage usage) {
        usage.write(out.raw(",\"usage\":"));
    }

    /// Seconds: how long the sequence waited, and from the beginning of its inference the time to
    /// the first token and to the newest one.
    private static void metrics(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw(",\"metrics\":{\"time_in_queue\":").seconds(choice.queueNanos());
        out.raw(",\"first_token_time\":").seconds(choice.firstTokenNanos());
        out.raw(",\"arrival_time\":").seconds(piece.arrivalNanos()).raw("}");
    }

    /// The events after the last choice has ended: usage, where it was asked for, and the end.
    public byte[] end(AnswerProgress progress) {
        JsonWriter out = new JsonWriter(ENVELOPE);
        if (answer.includeUsage()) {
            out.raw(eventStart).raw("],\"usage\":");
            progress.usage().write(out);
            out.raw(END_OF_EVENT);
        }
        return out.raw(DONE).toBytes();
    }

    /// The events of a stream that fails: the error, and the end.
    ///
    /// @param error body of the error as JSON
    public static byte[] failure(byte[] error) {
        return new JsonWriter(ENVELOPE).raw("data: ").raw(error).raw("\n\n").raw(DONE).toBytes();
    }
}
