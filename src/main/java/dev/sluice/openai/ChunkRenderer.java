package dev.sluice.openai;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Writes the answer to one request: the events of a stream, or the body of a whole answer.
///
/// All that stays the same is bytes already; a chunk costs its text only.
public final class ChunkRenderer {
    private static final int ENVELOPE = 512;
    private static final byte[] DONE = ascii("data: [DONE]\n\n");
    private static final byte[] END_OF_EVENT = ascii("}\n\n");

    private static final byte[] ROLE_DELTA =
            ascii(
                    ",\"delta\":{\"role\":\"assistant\",\"reasoning_content\":\"\",\"tool_calls\":null"
                            + ",\"prompt_token_ids\":null,\"completion_token_ids\":null,\"content\":\"\"}"
                            + ",\"finish_reason\":null}]");
    private static final byte[] CHAT_DELTA =
            ascii(
                    ",\"delta\":{\"reasoning_content\":\"\",\"prompt_token_ids\":null"
                            + ",\"tool_calls\":null,\"completion_token_ids\":null,\"content\":");
    private static final byte[] AFTER_CHAT_DELTA =
            ascii("},\"logprobs\":null,\"draft_logprobs\":null,\"arrival_time\":");
    private static final byte[] COMPLETION_DELTA =
            ascii(
                    ",\"prompt_token_ids\":null,\"completion_token_ids\":null,\"tool_calls\":null"
                            + ",\"completion_tokens\":null,\"reasoning_content\":\"\",\"arrival_time\":");
    private static final byte[] AFTER_COMPLETION_DELTA =
            ascii(",\"logprobs\":null,\"draft_logprobs\":null");
    private static final byte[] MESSAGE_END =
            ascii(
                    ",\"reasoning_content\":null,\"tool_calls\":null,\"prompt_token_ids\":null"
                            + ",\"completion_token_ids\":null,\"prompt_tokens\":null"
                            + ",\"completion_tokens\":null},\"logprobs\":null,\"draft_logprobs\":null");
    private static final byte[] COMPLETION_END =
            ascii(
                    ",\"prompt_token_ids\":null,\"completion_token_ids\":null,\"prompt_tokens\":null"
                            + ",\"completion_tokens\":null,\"arrival_time\":null,\"logprobs\":null"
                            + ",\"draft_logprobs\":null,\"reasoning_content\":null");

    private final PreparedRequest request;
    private final byte[] eventStart;

    public ChunkRenderer(PreparedRequest request) {
        this.request = request;
        JsonWriter start = new JsonWriter(ENVELOPE).raw("data: ");
        head(start, request.kind() == Kind.CHAT ? "chat.completion.chunk" : "text_completion");
        this.eventStart = start.toBytes();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void head(JsonWriter out, String object) {
        out.raw("{\"id\":").string(request.id());
        out.raw(",\"object\":\"").raw(object);
        out.raw("\",\"created\":").number(request.created());
        out.raw(",\"model\":").string(request.model());
        out.raw(",\"choices\":[");
    }

    /// The event that a choice begins with, before its first text. Empty for completions, whose
    /// choices begin with text.
    public byte[] start(int index, Usage usage) {
        if (request.kind() == Kind.COMPLETION) {
            return new byte[0];
        }
        JsonWriter out = new JsonWriter(ENVELOPE).raw(eventStart).raw("{\"index\":").number(index);
        out.raw(ROLE_DELTA);
        return endOfChunk(out, usage);
    }

    /// An event with the next piece of a choice.
    public byte[] piece(ChoiceText piece) {
        JsonWriter out = new JsonWriter(ENVELOPE + piece.text().length());
        out.raw(eventStart).raw("{\"index\":").number(piece.index());
        if (request.kind() == Kind.CHAT) {
            out.raw(CHAT_DELTA).string(piece.text());
            out.raw(AFTER_CHAT_DELTA).seconds(piece.arrivalNanos());
        } else {
            out.raw(",\"text\":").string(piece.text());
            out.raw(COMPLETION_DELTA).seconds(piece.arrivalNanos());
            out.raw(AFTER_COMPLETION_DELTA);
        }
        out.raw(",\"finish_reason\":");
        reason(out, piece.reason());
        return endOfChunk(out.raw("}]"), piece.usage());
    }

    private byte[] endOfChunk(JsonWriter out, Usage usage) {
        if (request.answer().continuousUsage()) {
            out.raw(",\"usage\":");
            usage.write(out);
        }
        return out.raw(END_OF_EVENT).toBytes();
    }

    /// The events after the last choice has ended: usage, where it was asked for, and the end.
    public byte[] end(Usage total) {
        JsonWriter out = new JsonWriter(ENVELOPE);
        if (request.answer().includeUsage()) {
            out.raw(eventStart).raw("],\"usage\":");
            total.write(out);
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

    /// The body of a whole answer.
    ///
    /// @param choices in the order of their indices, all ended
    public byte[] whole(List<ChoiceText> choices) {
        int length = choices.stream().mapToInt(c -> ENVELOPE + c.text().length()).sum();
        JsonWriter out = new JsonWriter(ENVELOPE + length);
        boolean chat = request.kind() == Kind.CHAT;
        head(out, chat ? "chat.completion" : "text_completion");
        Usage total = Usage.NONE;
        for (ChoiceText choice : choices) {
            out.raw(choice.index() == 0 ? "{\"index\":" : ",{\"index\":").number(choice.index());
            if (chat) {
                out.raw(",\"message\":{\"role\":\"assistant\",\"content\":");
                out.string(choice.text()).raw(MESSAGE_END);
            } else {
                out.raw(",\"text\":").string(choice.text()).raw(COMPLETION_END);
            }
            out.raw(",\"finish_reason\":");
            reason(out, choice.reason());
            out.raw(chat ? "}" : ",\"tool_calls\":null}");
            total = total.plus(choice.usage());
        }
        out.raw("],\"usage\":");
        total.write(out);
        return out.raw("}").toBytes();
    }

    private static void reason(JsonWriter out, Optional<FinishReason> reason) {
        out.raw(
                reason.map(r ->
                                switch (r) {
                                    case STOP -> "\"stop\"";
                                    case LENGTH -> "\"length\"";
                                    case RECOVER_STOP -> "\"recover_stop\"";
                                })
                        .orElse("null"));
    }
}
