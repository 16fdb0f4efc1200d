package dev.sluice.openai;

import dev.sluice.openai.PreparedRequest.Kind;

import java.util.List;

/// Writes the body of an answer that is no stream.
public final class WholeRenderer {
    private static final int ENVELOPE = 512;
    private static final int MAX_FIRST_CAPACITY = 1 << 20;

    private final PreparedRequest request;
    private final ChoiceFields fields;
    private final boolean chat;

    public WholeRenderer(PreparedRequest request) {
        this.request = request;
        this.fields = new ChoiceFields(request);
        this.chat = request.kind() == Kind.CHAT;
    }

    /// The body. Takes all that has come.
    ///
    /// Takes time in proportion to the answer's size; a large one is not for an event loop.
    ///
    /// @param progress of an answer that has ended
    public byte[] body(AnswerProgress progress) {
        List<ChoiceProgress> choices = progress.choices();
        long length = ENVELOPE * (1L + choices.size()) + progress.wholeSize();
        JsonWriter out = new JsonWriter((int) Math.min(length, MAX_FIRST_CAPACITY));
        AnswerHead.write(out, request, chat ? "chat.completion" : "text_completion");
        for (ChoiceProgress choice : choices) {
            out.raw(choice.index() == 0 ? "{\"index\":" : ",{\"index\":").number(choice.index());
            ChoicePiece piece = choice.take();
            if (chat) {
                chat(out, choice, piece);
            } else {
                completion(out, choice, piece);
            }
        }
        progress.usage().write(out.raw("],\"usage\":"));
        return out.raw("}").toBytes();
    }

    private void chat(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw(",\"message\":{\"role\":\"assistant\",\"content\":").string(piece.content());
        reasoning(out, piece);
        out.raw(",\"tool_calls\":");
        ToolCallsWriter.whole(out, piece.toolCalls());
        fields.promptIds(out, choice);
        fields.completionIds(out, piece);
        fields.promptText(out, choice);
        fields.completionText(out, piece);
        out.raw("}");
        fields.logprobs(out, piece, true);
        fields.promptLogprobs(out, piece.promptLogprobs());
        fields.speculation(out, piece);
        fields.reason(out, piece);
        out.raw("}");
    }

    private void completion(JsonWriter out, ChoiceProgress choice, ChoicePiece piece) {
        out.raw(",\"text\":").string(piece.content());
        fields.promptIds(out, choice);
        fields.completionIds(out, piece);
        fields.promptText(out, choice);
        fields.completionText(out, piece);
        out.raw(",\"arrival_time\":null");
        fields.logprobs(out, piece, true);
        fields.promptLogprobs(out, piece.promptLogprobs());
        fields.speculation(out, piece);
        reasoning(out, piece);
        fields.reason(out, piece);
        out.raw(",\"tool_calls\":");
        ToolCallsWriter.whole(out, piece.toolCalls());
        out.raw("}");
    }

    private static void reasoning(JsonWriter out, ChoicePiece piece) {
        out.raw(",\"reasoning_content\":");
        if (piece.reasoning().isEmpty()) {
            out.raw("null");
        } else {
            out.string(piece.reasoning());
        }
    }
}
